// Runs reducers, and the API, in this process: `muster orchestrator` one of them, `muster up` all, and nothing else
// differs. When the log turns out to have lost what they had read, or can't be folded on, they begin again from the log as
// it is. While it is gone they decide nothing, and keep what they have made of it.
import { LogDivergedError, LogGoneError, LogUnavailableError } from '@muster/log';
import { type Follower, RecordVoidedError, readClusterId, waitAtMost } from '@muster/runtime';
import { type ControlPlaneOptions, startLife } from './life.ts';
import { createLosses } from './losses.ts';
import { withPatience } from './with-patience.ts';

export interface Running {
  /** The one that is followed by now: another one after the log has lost its end. */
  readonly follower: Follower;
  stop(): Promise<void>;
}

/** What is under way when the log is found to be another one is void: it is not waited for longer. */
const LEAVE_WITHIN_MS = 2_000;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5_000;

const LOOK_FOR_LOG_MS = 1_000;

/** The connection is gone for good: to be begun anew by whoever started this process. */
function isFinal(error: Error): boolean {
  return error instanceof LogUnavailableError;
}

export async function startControlPlane(options: ControlPlaneOptions): Promise<Running> {
  const { logger, clock = options.cluster.clock, onFailure } = options;
  const losses = createLosses(logger);
  let stopping = false;
  let endWaits: (() => void) | undefined;
  const stopped = new Promise<void>((resolve) => {
    endWaits = resolve;
  });
  let restarting: Promise<void> | undefined;
  const startNext = () => startLife({ ...options, clock, losses, onFailure: judge });
  let life = await withPatience(startNext, options);

  function judge(error: Error): void {
    if (isFinal(error)) onFailure(error);
    else if (!stopping) restarting ??= startAgain(error).finally(() => (restarting = undefined));
  }

  async function startAgain(error: Error): Promise<void> {
    const { message } = error;
    const before = life;
    if (error instanceof LogGoneError) {
      logger.error(
        { error: message, folded: before.follower.state.head },
        'the log is gone: nothing is decided until it is back, and what runs goes on',
      );
      losses.remember(before.follower);
      const other = await awaitLog(before.follower.state.cluster?.id);
      if (other !== undefined) return onFailure(other);
    } else if (error instanceof LogDivergedError) {
      logger.error(
        { error: message },
        'what was read is not in the log any more: starting again from the log',
      );
      losses.remember(before.follower);
    } else if (error instanceof RecordVoidedError) {
      const { record, seq } = error;
      logger.warn({ record, seq }, 'a record has been declared void: folding the log again without it');
    } else {
      logger.error(
        { error: message },
        'the log can not be followed any further: starting again from the log',
      );
    }
    await waitAtMost(clock, LEAVE_WITHIN_MS, before.stop().catch(complain));
    for (let waitMs = FIRST_RETRY_MS; !stopping; waitMs = Math.min(2 * waitMs, LONGEST_RETRY_MS)) {
      try {
        life = await startNext();
        before.forget();
        return;
      } catch (error) {
        if (isFinal(error as Error)) return onFailure(error as Error);
        complain(error as Error);
        await waitAtMost(clock, waitMs, stopped);
      }
    }
  }

  /** Resolves when it is there, or with an error when another cluster's is in its place. An empty one is nobody's. */
  async function awaitLog(clusterId: string | undefined): Promise<Error | undefined> {
    const { log } = options.cluster;
    for (; !stopping; await waitAtMost(clock, LOOK_FOR_LOG_MS, stopped)) {
      const isBack = (await log.head().catch(() => 0)) > 0;
      if (!isBack) continue;
      const found = await readClusterId(log).catch(() => undefined);
      if (clusterId === undefined || found === clusterId) return undefined;
      if (found !== undefined)
        return new LogGoneError(`the log is that of cluster ${found} now, not of ${clusterId}`);
    }
    return undefined;
  }

  function complain(error: Error): void {
    logger.warn({ error: error.message }, 'could not start again from the log yet');
  }

  return {
    get follower() {
      return life.follower;
    },
    async stop() {
      stopping = true;
      endWaits?.();
      await restarting;
      await life.stop();
    },
  };
}
