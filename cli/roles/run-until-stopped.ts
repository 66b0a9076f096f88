// The life of a process in the foreground: start, run, and on Ctrl-C or SIGTERM stop in order. A second signal ends
// it at once.
import type { Logger } from '@muster/runtime';

type Stop = () => Promise<void>;

/** Resolves when everything is stopped. `fail` ends the process with exit code 1, after stopping. */
export async function runUntilStopped(
  start: (fail: (error: Error) => void) => Promise<Stop>,
  logger: Logger,
): Promise<void> {
  let wanted: (() => void) | undefined;
  const stopWanted = new Promise<void>((resolve) => {
    wanted = resolve;
  });
  const onSignal = () => {
    wanted?.();
    // The next one is not caught any more.
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const fail = (error: Error) => {
    logger.error({ error: error.message }, 'cannot go on');
    process.exitCode = 1;
    wanted?.();
  };
  const stop = await start(fail);
  await stopWanted;
  await stop();
}
