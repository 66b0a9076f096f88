// The log in memory: for tests, the simulator, and clusters that may forget. Deterministic: record times come from
// `now`, deliveries from `deliver`, and every append passes `intercept`, where a simulator crashes or delays it.
import { LogDivergedError, LogUnavailableError, RecordTooLargeError } from '../errors.ts';
import {
  type AppendOptions,
  type AppendResult,
  DUPLICATE_WINDOW_MS,
  type Following,
  type FollowOptions,
  type Log,
  type LogRecord,
  type ReadOptions,
} from '../log.ts';
import { checkLogSubject, matchSubjects } from '../subjects.ts';
import { type Deliver, Delivery, type DeliverySource, deliverSoon } from './delivery.ts';

export interface MemoryAppend {
  readonly client: string;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly options: AppendOptions;
}

export interface MemoryLogOptions {
  /** Ms since the epoch, for the time of records. */
  readonly now: () => number;
  /** By default a microtask. */
  readonly deliver?: Deliver;
  /** Most records delivered in one step; without a limit by default. */
  readonly recordsPerStep?: number;
  /**
   * Stands around every append. It may throw or never answer, before or after calling `store`, wait, or call
   * `store` twice. By default it just calls it.
   */
  readonly intercept?: (append: MemoryAppend, store: () => AppendResult) => Promise<AppendResult>;
  /** What a server's max_payload is; 8 MiB by default, as for the servers that muster starts. */
  readonly maxRecordBytes?: number;
}

export class MemoryLog implements Log {
  private readonly deliveries = new Set<Delivery>();
  private closed = false;

  constructor(
    private readonly options: MemoryLogOptions,
    private readonly store: RecordStore = new RecordStore(options),
    private readonly name = 'log',
  ) {}

  /** The same log as another participant sees it: hooks are told its name, and its `close` is its own. */
  client(name: string): MemoryLog {
    return new MemoryLog(this.options, this.store, name);
  }

  /** Everything stored; the record with sequence n is at n - 1. */
  get records(): readonly LogRecord[] {
    return this.store.records;
  }

  get maxRecordBytes(): number {
    return this.options.maxRecordBytes ?? 8 * 1024 * 1024;
  }

  async append(subject: string, data: Uint8Array, options: AppendOptions = {}): Promise<AppendResult> {
    this.checkOpen();
    checkLogSubject(subject);
    const { maxRecordBytes } = this;
    const { intercept } = this.options;
    if (data.length > maxRecordBytes) throw new RecordTooLargeError(subject, data.length, maxRecordBytes);
    const store = () => this.store.append(subject, data, options);
    return intercept === undefined
      ? store()
      : intercept({ client: this.name, subject, data, options }, store);
  }

  async *read(options: ReadOptions): AsyncGenerator<LogRecord> {
    this.checkOpen();
    const wanted = matchSubjects(options.subjects);
    const { records } = this.store;
    const last = Math.min(options.to ?? Number.POSITIVE_INFINITY, records.length);
    for (let seq = Math.max(1, options.from); seq <= last; seq += 1) {
      const record = records[seq - 1];
      if (record !== undefined && wanted(record.subject)) yield record;
    }
  }

  async follow(options: FollowOptions): Promise<Following> {
    this.checkOpen();
    const source = recordsFor(options, this.store.records);
    const delivery = new Delivery(
      source,
      (step) => (this.options.deliver ?? deliverSoon)(this.name, step),
      this.options.recordsPerStep ?? Number.POSITIVE_INFINITY,
      () => {
        this.deliveries.delete(delivery);
        this.store.followers.delete(follower);
      },
    );
    this.deliveries.add(delivery);
    const follower = { wake: () => delivery.wake(), interrupt: source.interrupt };
    this.store.followers.add(follower);
    delivery.wake();
    return delivery;
  }

  async find(seq: number): Promise<LogRecord | undefined> {
    this.checkOpen();
    return this.store.records[seq - 1];
  }

  /** Loses the end, as servers do that come back with an older store: for tests. */
  putBack(seq: number): void {
    this.store.putBack(seq);
  }

  async head(): Promise<number> {
    this.checkOpen();
    return this.store.records.length;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const delivery of this.deliveries) await delivery.stop();
  }

  private checkOpen(): void {
    if (this.closed) throw new LogUnavailableError('the log is closed');
  }
}

interface Follower {
  wake(): void;
  interrupt(): void;
}

class RecordStore {
  readonly records: LogRecord[] = [];
  readonly followers = new Set<Follower>();
  private readonly lastSeqBySubject = new Map<string, number>();
  private readonly seqById = new Map<string, number>();

  constructor(private readonly options: MemoryLogOptions) {}

  append(subject: string, data: Uint8Array, options: AppendOptions): AppendResult {
    const { expectLastSubjectSeq: expected, id } = options;
    const known = id === undefined ? undefined : this.findById(id);
    if (known !== undefined) return { ok: true, seq: known, duplicate: true };
    const actual = this.lastSeqBySubject.get(subject) ?? 0;
    if (expected !== undefined && expected !== actual) return { ok: false, expected, actual };
    const seq = this.records.length + 1;
    this.records.push({ seq, subject, time: this.options.now(), data });
    this.lastSeqBySubject.set(subject, seq);
    if (id !== undefined) this.seqById.set(id, seq);
    for (const follower of this.followers) follower.wake();
    return { ok: true, seq };
  }

  private findById(id: string): number | undefined {
    const record = this.records[(this.seqById.get(id) ?? 0) - 1];
    return record && this.options.now() - record.time < DUPLICATE_WINDOW_MS ? record.seq : undefined;
  }

  putBack(seq: number): void {
    for (const [id, known] of this.seqById) if (known > seq) this.seqById.delete(id);
    this.records.length = Math.min(seq, this.records.length);
    this.lastSeqBySubject.clear();
    for (const record of this.records) this.lastSeqBySubject.set(record.subject, record.seq);
    for (const follower of this.followers) {
      follower.interrupt();
      follower.wake();
    }
  }
}

function recordsFor(
  options: FollowOptions,
  records: readonly LogRecord[],
): DeliverySource & { interrupt(): void } {
  const wanted = matchSubjects(options.subjects);
  let target = records.length;
  const first = Math.max(1, options.from);
  let next = first;
  let caughtUp = false;
  let last: LogRecord | undefined;
  let interrupted = false;
  function resume(): void {
    if (last !== undefined && records[last.seq - 1] !== last)
      throw new LogDivergedError(last.seq, `it has another record ${last.seq}, or none`);
    interrupted = false;
    next = last === undefined ? first : last.seq + 1;
    target = Math.min(target, records.length);
    options.onResumed?.();
  }
  return {
    onError: options.onError,
    interrupt() {
      if (!interrupted) options.onInterrupted?.();
      interrupted = true;
    },
    next() {
      if (interrupted) return resume;
      for (;;) {
        if (!caughtUp && next > target) {
          caughtUp = true;
          return () => options.onCaughtUp?.();
        }
        const record = records[next - 1];
        if (record === undefined) return undefined;
        next += 1;
        if (!wanted(record.subject)) continue;
        last = record;
        return () => options.onRecord(record);
      }
    },
  };
}
