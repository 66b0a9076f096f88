// The loop around every reducer: fold, decide, append, fold what was appended, decide again. One round at a time;
// losing a compare-and-set is normal and means: fold what won, and decide again.
import { composeEvent } from '@muster/events';
import { type AppendResult, type Log, LogUnavailableError } from '@muster/log';
import type { Changes, ClusterState } from '@muster/state';
import { createChanges } from '@muster/state';
import { type Clock, sleep, type Timer } from './clock.ts';
import type { Follower } from './follower.ts';
import type { Logger } from './logging.ts';
import type { Decision, Reducer } from './reducer.ts';

export interface ReducerLoopOptions {
  readonly reducer: Reducer;
  readonly follower: Follower;
  readonly log: Log;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ReducerLoopStats {
  rounds: number;
  decisions: number;
  conflicts: number;
  failures: number;
}

export interface ReducerLoop {
  readonly stats: Readonly<ReducerLoopStats>;
  /** Looks again now: something outside the log (a heartbeat) changed. */
  wake(): void;
  /** Ends after the round under way. */
  stop(): Promise<void>;
}

/** Wait after a round that could not reach the log, or that lost and learned nothing new. */
const BACKOFF_MS = 50;

export function runReducer({ reducer, follower, log, clock, logger }: ReducerLoopOptions): ReducerLoop {
  const stats: ReducerLoopStats = { rounds: 0, decisions: 0, conflicts: 0, failures: 0 };
  let stopping = false;
  let dirty = true;
  let saidHalted = false;
  let timer: Timer | undefined;
  let round: Promise<void> | undefined;

  reducer.notice(follower.state, noticeEverything(follower.state));
  const unsubscribe = follower.onTurn((state, changes) => {
    reducer.notice(state, changes);
    wake();
  });

  function wake(): void {
    dirty = true;
    if (stopping || round) return;
    round = runRounds().finally(() => {
      round = undefined;
      if (dirty) wake();
    });
  }

  async function runRounds(): Promise<void> {
    while (dirty && !stopping) {
      dirty = false;
      timer?.cancel();
      const decisions = decide();
      if (decisions.length > 0) {
        await appendAll(decisions);
        dirty = true;
      } else {
        sleepUntilNextWake();
      }
    }
  }

  function decide(): readonly Decision[] {
    if (follower.state.halted !== undefined) {
      if (!saidHalted)
        logger.error(
          { reason: follower.state.halted },
          'halted: a newer version is at work here; upgrade this copy',
        );
      saidHalted = true;
      return [];
    }
    return reducer.decide(follower.state, clock.now());
  }

  function sleepUntilNextWake(): void {
    const at = reducer.nextWake();
    if (at !== undefined) timer = clock.schedule(Math.max(1, at - clock.now()), wake);
  }

  async function appendAll(decisions: readonly Decision[]): Promise<void> {
    stats.rounds += 1;
    const before = follower.state.head;
    const results = await Promise.allSettled(decisions.map(appendOne));
    let furthest = 0;
    let failed = false;
    for (const result of results) {
      if (result.status === 'rejected') {
        failed = true;
        stats.failures += 1;
        if (!(result.reason instanceof LogUnavailableError))
          logger.error({ err: result.reason }, 'could not append a decision');
        continue;
      }
      if (result.value.ok) stats.decisions += 1;
      else stats.conflicts += 1;
      furthest = Math.max(furthest, result.value.ok ? result.value.seq : (result.value.actual ?? 0));
    }
    if (stopping) return;
    await follower.waitFor(furthest).catch(() => undefined);
    if (failed || follower.state.head === before) await sleep(clock, BACKOFF_MS);
  }

  function appendOne({ event, expect }: Decision): Promise<AppendResult> {
    const { subject, data } = composeEvent(event, clock.now());
    logger.debug({ subject, type: event.type, cause: event.cause, expect }, 'deciding');
    return log.append(subject, data, { expectLastSubjectSeq: expect });
  }

  wake();
  return {
    stats,
    wake,
    async stop() {
      stopping = true;
      timer?.cancel();
      unsubscribe();
      await round;
    },
  };
}

/** At start-up everything is worth a look. */
function noticeEverything(state: ClusterState): Changes {
  const everything = createChanges();
  for (const id of state.services.keys()) everything.services.add(id);
  for (const id of state.nodes.keys()) everything.nodes.add(id);
  for (const id of state.tasks.keys()) everything.tasks.add(id);
  return everything;
}
