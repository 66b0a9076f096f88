/** The log could not be reached in time. Whether the append was stored is unknown. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
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

/** A stream exists with settings other than ours. It is reported, never rewritten or deleted. */
export class StreamMismatchError extends Error {
  override readonly name = 'StreamMismatchError';
}
