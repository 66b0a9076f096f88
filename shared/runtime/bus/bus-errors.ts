/** A request that got no answer, and why. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  constructor(
    readonly subject: string,
    readonly reason: 'nobody listens' | 'timed out' | 'not connected',
    options?: ErrorOptions,
  ) {
    super(`no answer on ${subject}: ${reason}`, options);
  }
}
