// The intents that a copy folded last: when the log turns out to have lost some, somebody has to know which.
import { crc32 } from 'node:zlib';
import type { RawRecord } from '@muster/events';

export interface RecentIntent {
  readonly seq: number;
  readonly subject: string;
  /** Of what it says. */
  readonly sum: number;
}

export const INTENTS_KEPT = 10_000;

export class RecentIntents {
  private readonly kept: RecentIntent[] = [];
  private noted = 0;

  note({ seq, subject, data }: RawRecord): void {
    this.kept[this.noted % INTENTS_KEPT] = { seq, subject, sum: crc32(data) };
    this.noted += 1;
  }

  /** In log order. */
  after(seq: number): RecentIntent[] {
    return this.kept.filter((intent) => intent.seq > seq).sort((a, b) => a.seq - b.seq);
  }
}
