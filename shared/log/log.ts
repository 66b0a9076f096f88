// The log as a port: one totally ordered sequence of immutable records with compare-and-set per subject.
// Two adapters (memory/, jetstream/) pass one contract test (log.contract.ts).

/** One stored message. `seq` starts at 1 and has no gaps; `time` is the log's own clock, ms since the epoch. */
export interface LogRecord {
  readonly seq: number;
  readonly subject: string;
  readonly time: number;
  readonly data: Uint8Array;
}

export interface Appended {
  readonly ok: true;
  readonly seq: number;
  /** A record with this id was stored before, with this sequence; this one is not. */
  readonly duplicate?: true;
}

/** The subject's last sequence was not the one expected. A value, not an exception: losing is normal. */
export interface Conflict {
  readonly ok: false;
  readonly expected: number;
  /** The sequence found there, where the log tells. */
  readonly actual: number | undefined;
}

export type AppendResult = Appended | Conflict;

export interface AppendOptions {
  /** Last sequence on this exact subject for the append to stand; 0 means "none yet". */
  readonly expectLastSubjectSeq?: number;
  /**
   * The writer's own: of two records with one id, within `DUPLICATE_WINDOW_MS` of each other, the second is not stored,
   * whatever it says and whatever its subject is.
   */
  readonly id?: string | undefined;
}

/** What nats-server does where a stream says nothing else. */
export const DUPLICATE_WINDOW_MS = 120_000;

export interface ReadOptions {
  /** First sequence wanted, inclusive. */
  readonly from: number;
  /** Last sequence wanted, inclusive; the head when iteration starts when left out. */
  readonly to?: number;
  /** Subjects with NATS wildcards; every subject when left out. Filtered reads have gaps by nature. */
  readonly subjects?: readonly string[];
}

export interface FollowOptions {
  readonly from: number;
  readonly subjects?: readonly string[];
  /** Called in order, once for each record; may begin before `follow` resolves. If it throws, the follow ends. */
  readonly onRecord: (record: LogRecord) => void;
  /** Called once, when everything stored at the time of the call has been delivered. */
  readonly onCaughtUp?: () => void;
  /**
   * The follow is over and cannot go on: a gap in an unfiltered follow (`LogGapError`), the log has lost what was read
   * (`LogDivergedError`), it is gone (`LogGoneError`) or closed for good (`LogUnavailableError`), or `onRecord` threw.
   */
  readonly onError: (error: Error) => void;
  /** The log was lost from sight: until `onResumed`, what was read last may not be in it any more. */
  readonly onInterrupted?: () => void;
  /** It was found again, and has the last record that was read. Later ones follow. */
  readonly onResumed?: () => void;
}

export interface Following {
  /** For how long something has been there that has not come yet, in ms, as far as is known; left out by who never is late. */
  measureLateMs?(): number;
  /** Nothing is called once this has been called. */
  stop(): Promise<void>;
}

export interface Log {
  /** The most bytes that a record may have: what is larger is refused. Another server may take more, or less. */
  readonly maxRecordBytes: number;
  /**
   * Stores one record durably. Retries while the log is unreachable, for about ten seconds, then throws
   * `LogUnavailableError`: the record may or may not be stored. A conflict after a retry may be our own record,
   * and a record without an expectation may be stored twice when its tries are minutes apart. The bytes belong to the log from here on.
   */
  append(subject: string, data: Uint8Array, options?: AppendOptions): Promise<AppendResult>;
  read(options: ReadOptions): AsyncIterable<LogRecord>;
  follow(options: FollowOptions): Promise<Following>;
  /** The record with this sequence, if there is one. */
  find(seq: number): Promise<LogRecord | undefined>;
  /** The last sequence stored; 0 when empty. */
  head(): Promise<number>;
  /** Ends every follow in silence. The connection below, if there is one, stays with its owner. */
  close(): Promise<void>;
}
