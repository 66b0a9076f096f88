// Reads what concerns something from the log, a few subjects at a time, and keeps what it has read.
import { decode, type Fact } from '@muster/events';
import type { Log, LogRecord } from '@muster/log';

export class FactReader {
  /** By sequence; in no order. */
  private readonly known = new Map<number, Fact>();

  constructor(
    private readonly log: Pick<Log, 'read'>,
    /** Nothing later is read. */
    readonly to: number,
  ) {}

  /** In log order. */
  get facts(): Fact[] {
    return [...this.known.values()].sort((a, b) => a.seq - b.seq);
  }

  keep(fact: Fact): void {
    this.known.set(fact.seq, fact);
  }

  /** What is stored on these subjects from a sequence on, kept. */
  async read(from: number, subjects: readonly string[], to = this.to): Promise<Fact[]> {
    const read: Fact[] = [];
    for await (const record of this.records(from, subjects, to)) read.push(decode(record));
    for (const fact of read) this.keep(fact);
    return read;
  }

  /** The same, not decoded and not kept: for those who look for something. */
  async *records(from: number, subjects: readonly string[], to = this.to): AsyncGenerator<LogRecord> {
    if (from <= to) yield* this.log.read({ from, to, subjects });
  }
}
