// Keeps one thing running that may end by itself, beside others that its end is none of: it is told, and after a pause, which
// grows while it does not last, it is started again.
import { type Clock, type Logger, waitAtMost } from '@muster/runtime';

export interface Stoppable {
  stop(): Promise<void>;
}

export interface Kept<Run extends Stoppable> extends Stoppable {
  /** The one that runs, or the last that did. */
  readonly current: Run;
}

export interface KeepRunningOptions<Run extends Stoppable> {
  /** For people. */
  readonly what: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It says once, with the reason, that it has ended. */
  readonly start: (onEnd: (error: Error) => void) => Promise<Run>;
  /** It is not to be started again at all. */
  readonly isFinal?: (error: Error) => boolean;
  /** It is not to be started before this resolves. */
  readonly whenFree?: (error: Error) => Promise<void>;
  readonly onEnd?: (error: Error) => void;
}

export const FIRST_PAUSE_MS = 500;
export const LONGEST_PAUSE_MS = 60_000;
/** What has run for so long has not ended because of how it was started. */
const LASTING_MS = 60_000;

/** Rejects when it can't be started the first time: that is for whoever wants it to know. */
export async function keepRunning<Run extends Stoppable>(
  options: KeepRunningOptions<Run>,
): Promise<Kept<Run>> {
  const { what, clock, logger, start, whenFree = async () => undefined, onEnd } = options;
  let stopping = false;
  let restarting: Promise<void> | undefined;
  let endWait: (() => void) | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let startedAt = clock.now();
  const stopped = new Promise<void>((resolve) => {
    endWait = resolve;
  });

  function launch(): Promise<Run> {
    let ended = false;
    const starting = start((error) => {
      if (ended || stopping) return;
      ended = true;
      onEnd?.(error);
      if (options.isFinal?.(error)) return;
      const before = restarting ?? Promise.resolve();
      // One that can't be started has not ended: whoever starts it is told.
      restarting = before
        .then(() => starting)
        .then(
          (run) => startAgain(run, error),
          () => undefined,
        );
    });
    return starting;
  }

  async function startAgain(run: Run, error: Error): Promise<void> {
    logger.error({ error: error.message, what }, 'ended by itself, and is started again');
    await run.stop().catch((failure: Error) => complain(failure, 'did not stop well'));
    if (clock.now() - startedAt > LASTING_MS) pauseMs = FIRST_PAUSE_MS;
    while (!stopping) {
      await waitAtMost(clock, pauseMs, stopped);
      pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
      try {
        await Promise.race([whenFree(error), stopped]);
        if (stopping) return;
        startedAt = clock.now();
        current = await launch();
        logger.warn({ what }, 'runs again');
        return;
      } catch (failure) {
        complain(failure as Error, 'could not be started again yet');
      }
    }
  }

  function complain(error: Error, message: string): void {
    logger.warn({ error: error.message, what }, message);
  }

  let current = await launch();
  return {
    get current() {
      return current;
    },
    async stop() {
      stopping = true;
      endWait?.();
      await restarting;
      await current.stop();
    },
  };
}
