// Wires the orchestrator: the reducer to its loop, and to what the copies of all roles say on the bus. Decides nothing.
import type { Log } from '@muster/log';
import {
  ALL_COPIES,
  type Bus,
  type Clock,
  type Follower,
  type Logger,
  type Lost,
  type Presence,
  type RecordLimit,
  type Reducer,
  type ReducerLoopStats,
  readHeard,
  runSharedReducer,
  type Timer,
} from '@muster/runtime';
import type { ClusterState } from '@muster/state';
import { createOrchestrator, type Orchestrator } from './orchestrator.ts';

export interface StartOrchestratorOptions {
  readonly follower: Follower;
  readonly log: Log;
  readonly bus: Bus;
  /** Our place among the copies; stopped with the orchestrator. */
  readonly presence: Presence;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxRecordBytes: RecordLimit;
  /** What the log has lost of what this process had read, if anything. */
  readonly lost?: Lost | undefined;
  /** Puts something around the reducer, to measure it. */
  readonly instrument?: (reducer: Reducer) => Reducer;
}

export interface RunningOrchestrator {
  readonly stats: Readonly<ReducerLoopStats>;
  /** What it has noticed and not seen to yet, counted by kind. */
  backlog(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** How often it is said what holds a new version back; for the first time when all could have been upgraded. */
const SAY_EVERY_MS = 5 * 60_000;

export function startOrchestrator(options: StartOrchestratorOptions): RunningOrchestrator {
  const { follower, log, bus, presence, clock, logger, lost, maxRecordBytes } = options;
  const { instrument = (reducer: Reducer) => reducer } = options;
  let orchestrator: Orchestrator | undefined;
  const loop = runSharedReducer({
    follower,
    log,
    presence,
    clock,
    logger,
    createReducer(share) {
      orchestrator = createOrchestrator({ share, lost, maxRecordBytes });
      return instrument(orchestrator);
    },
  });
  const copies = bus.subscribe(ALL_COPIES, ({ subject, data }) => {
    const heard = readHeard(subject, data);
    if (heard) orchestrator?.hear(heard, clock.now());
  });
  const saying = sayWhatHoldsBack(clock, () => orchestrator?.obstacles(follower.state, clock.now()), logger);
  const forget = follower.onEvent((state, { event }) => {
    if (event.type === 'cluster.version_raised') sayRaised(state, event.version, logger);
  });
  return {
    stats: loop.stats,
    backlog: () => orchestrator?.backlog?.() ?? {},
    async stop() {
      copies.stop();
      saying.cancel();
      forget();
      await loop.stop();
    },
  };
}

/** It is about to be folded, and void when somebody was faster. */
function sayRaised({ wireVersion }: ClusterState, version: number, logger: Logger): void {
  if (version > wireVersion) logger.info({ version }, 'the wire version of the cluster is raised');
}

function sayWhatHoldsBack(
  clock: Clock,
  find: () => ReturnType<Orchestrator['obstacles']>,
  logger: Logger,
): Pick<Timer, 'cancel'> {
  let timer = clock.schedule(SAY_EVERY_MS, say);
  function say(): void {
    const found = find();
    if (found) logger.info(found, 'the wire version of the cluster waits for these to be upgraded');
    timer = clock.schedule(SAY_EVERY_MS, say);
  }
  return { cancel: () => timer.cancel() };
}
