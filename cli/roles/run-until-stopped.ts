// The life of a process in the foreground: start, run, and on Ctrl-C or SIGTERM stop in order. A second signal ends
// it at once.
import type { Logger } from '@muster/runtime';

type Stop = () => Promise<void>;

/** Whatever keeps a process that has failed from stopping in order: its supervisor waits for its end. */
const GIVE_UP_AFTER_MS = 10_000;

/**
 * Resolves when everything is stopped. `fail` ends the process with exit code 1, after stopping. The signal is aborted
 * when the process is to end; a start that minds it throws then, having stopped what it started.
 */
export async function runUntilStopped(
  start: (fail: (error: Error) => void, signal: AbortSignal) => Promise<Stop>,
  logger: Logger,
): Promise<void> {
  const ending = new AbortController();
  const stopWanted = new Promise<void>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve());
  });
  const onSignal = () => {
    ending.abort();
    // The next one is not caught any more.
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A bug of ours that one message meets: it ends nothing but what was done about that message.
  process.on('unhandledRejection', (error) =>
    logger.error({ err: error }, 'a promise failed that nobody waited for'),
  );
  const fail = (error: Error) => {
    logger.error({ error: error.message }, 'cannot go on');
    process.exitCode = 1;
    setTimeout(() => process.exit(1), GIVE_UP_AFTER_MS).unref();
    ending.abort();
  };
  let stop: Stop;
  try {
    stop = await start(fail, ending.signal);
  } catch (error) {
    if (ending.signal.aborted) return;
    throw error;
  }
  await stopWanted;
  await stop();
}
