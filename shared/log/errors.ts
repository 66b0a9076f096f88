/** The log could not be reached in time. Whether the append was stored is unknown. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
  /** It answered, and has no room: nothing was stored. */
  readonly isFull: boolean;
  constructor(message: string, options: ErrorOptions & { readonly isFull?: boolean } = {}) {
    super(message, options);
    this.isFull = options.isFull ?? false;
  }
}

/** The log answered, and will never take this record: another try is of no use. Nothing was stored. */
export class LogRefusedError extends Error {
  override readonly name = 'LogRefusedError';
}

/** A record is larger than the log takes. Nothing was stored. */
export class RecordTooLargeError extends Error {
  override readonly name = 'RecordTooLargeError';
  constructor(
    readonly subject: string,
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(
      `the record for ${subject} has ${bytes} bytes, and the log takes at most ${limit}: send less, or raise max_payload in the server's configuration`,
    );
  }
}

/** Records are missing between two that were delivered. The reader must start again from `expected`. */
export class LogGapError extends Error {
  override readonly name = 'LogGapError';
  constructor(
    readonly expected: number,
    readonly received: number,
  ) {
    super(`the log skipped from sequence ${expected} to ${received}`);
  }
}

/**
 * The log has another record where one was read, or ends before it: what was read is gone, and whatever was made of it
 * is of another log. The reader must start again from the log.
 */
export class LogDivergedError extends Error {
  override readonly name = 'LogDivergedError';
  /** `readUpTo` is the last sequence that was read. */
  constructor(
    readonly readUpTo: number,
    because: string,
  ) {
    super(`the log was read up to ${readUpTo}, and is another one now: ${because}`);
  }
}

/** The stream being followed was deleted, or deleted and made again: what was folded is of another log. */
export class LogGoneError extends Error {
  override readonly name = 'LogGoneError';
}

export interface StreamMismatch {
  readonly setting: string;
  readonly expected: unknown;
  readonly found: unknown;
}

/** A stream exists with settings other than ours. It is reported, never rewritten or deleted. */
export class StreamMismatchError extends Error {
  override readonly name = 'StreamMismatchError';
  constructor(
    readonly stream: string,
    readonly mismatches: readonly StreamMismatch[],
  ) {
    const list = mismatches.map(
      ({ setting, expected, found }) =>
        `${setting} must be ${JSON.stringify(expected)} and is ${JSON.stringify(found)}`,
    );
    super(`the stream ${stream} exists with other settings than muster needs: ${list.join('; ')}`);
  }
}

/** NATS will not make a stream, however often it is asked. */
export class StreamRefusedError extends Error {
  override readonly name = 'StreamRefusedError';
}

/** The NATS server can't hold the log: too old, or without JetStream. */
export class UnsuitableServerError extends Error {
  override readonly name = 'UnsuitableServerError';
}
