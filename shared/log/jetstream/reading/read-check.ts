// Whether a stream still has what was read of it. Servers that come back with an older store have lost its end, and go on
// from there with other records.
import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import { errors } from '@nats-io/nats-core';
import { LogDivergedError } from '../../errors.ts';
import type { LogRecord } from '../../log.ts';
import { answerWithin } from '../writing/retrying.ts';
import { findRecord } from './find-record.ts';

/** A leader that has just been elected may know less for a moment than is stored. */
const BELIEVED_AFTER_MS = 2_000;

export class ReadCheck {
  private last: LogRecord | undefined;
  private shortSince: number | undefined;

  constructor(
    private readonly jsm: JetStreamManager,
    private readonly stream: string,
    /** A record that is missing is lost; where records are replaced, it need not be. */
    private readonly losesNothing: boolean,
  ) {}

  note(record: LogRecord): void {
    this.last = record;
  }

  /** Throws `LogDivergedError`; or a time-out, which passes, while it can't be told. */
  async check(info: StreamInfo, answerMs: number): Promise<void> {
    const end = believed(info).state.last_seq;
    const { last, jsm, stream } = this;
    if (last === undefined) return;
    if (end < last.seq) this.judgeShort(last.seq, `it ends at ${end}`);
    const found = await answerWithin(answerMs, findRecord(jsm, stream, last.seq));
    if (found === undefined && this.losesNothing) this.judgeShort(last.seq, `it has no record ${last.seq}`);
    if (found !== undefined && !isSame(found, last))
      throw new LogDivergedError(last.seq, `it has another record ${last.seq}`);
    this.shortSince = undefined;
  }

  private judgeShort(seq: number, because: string): never {
    const now = performance.now();
    this.shortSince ??= now;
    if (now - this.shortSince < BELIEVED_AFTER_MS) throw new errors.TimeoutError();
    throw new LogDivergedError(seq, because);
  }
}

/** Throws a time-out, which passes, when there is no leader: a server then tells of its own copy, which may be old. */
export function believed(info: StreamInfo): StreamInfo {
  if (isLeaderless(info)) throw new errors.TimeoutError();
  return info;
}

/** The others answer who leads every second. */
const HEARD_WITHIN_MS = 3_000;
const NANOS_PER_MS = 1_000_000;

/** One that has not heard from most of the others leads nobody any more, and may not know that yet. */
export function isLeaderless({ cluster }: StreamInfo, heardWithinMs = HEARD_WITHIN_MS): boolean {
  if (cluster === undefined) return false;
  const { leader, replicas = [] } = cluster;
  const silent = replicas.filter(({ active }) => active > heardWithinMs * NANOS_PER_MS);
  return !leader || 2 * silent.length > replicas.length;
}

function isSame(one: LogRecord, other: LogRecord): boolean {
  return (
    one.time === other.time && one.subject === other.subject && Buffer.compare(one.data, other.data) === 0
  );
}
