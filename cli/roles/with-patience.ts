// A start that has to wait for NATS: it is there, and its servers are not together yet, or not again.
import { LogUnavailableError } from '@muster/log';
import { type Logger, sleep, systemClock } from '@muster/runtime';

const RETRY_MS = 200;

export interface Patience {
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
}

/** Tries until the log can be reached, and says once that it can't be yet. Throws when it is aborted. */
export async function withPatience<T>(start: () => Promise<T>, { logger, signal }: Patience): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof LogUnavailableError)) throw error;
      if (tries === 1)
        logger.warn({ because: error.message }, 'NATS can not hold the log yet: waiting until it can');
      await sleep(systemClock, RETRY_MS);
    }
  }
}
