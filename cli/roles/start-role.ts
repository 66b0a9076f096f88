// One copy of a role of the control plane, around a folded state that is there already, with a stopwatch at its ports.
import { createAllocator } from '@muster/allocator';
import { startApi } from '@muster/api';
import { startDispatcher } from '@muster/dispatcher';
import { startOrchestrator } from '@muster/orchestrator';
import {
  type Clock,
  type Follower,
  type Logger,
  type Lost,
  type Presence,
  type RecordLimit,
  type Reducer,
  runSharedReducer,
  type Share,
  turnedOrder,
} from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import {
  countRestarts,
  createTurnTimes,
  type Measures,
  measureLog,
  measureQueries,
  measureReducer,
  type ObservedRole,
  type RestartCounts,
} from '@muster/telemetry';
import type { ClusterConnection } from './cluster-connection.ts';

export const reducerRoles = ['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const;
export const controlRoles = [...reducerRoles, 'api'] as const;
export type ControlRole = (typeof controlRoles)[number];

export interface StartRoleOptions {
  readonly cluster: ClusterConnection;
  readonly follower: Follower;
  /** Our place among the copies of the role; stopped with it. */
  readonly presence: Presence;
  readonly measures: Measures;
  /** What the log has lost of what this process had read. */
  readonly lost: Lost | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly heartbeatMs: number;
  readonly onFailure: (error: Error) => void;
}

export interface StartedRole extends Pick<ObservedRole, 'loop' | 'commands' | 'backlog' | 'restarts'> {
  stop(): Promise<void>;
}

export async function startRole(role: ControlRole, options: StartRoleOptions): Promise<StartedRole> {
  const maxRecordBytes = () => options.cluster.log.maxRecordBytes;
  switch (role) {
    case 'orchestrator':
      return startMeasuredOrchestrator(options, maxRecordBytes);
    case 'allocator':
      return startReducer((share) => createAllocator({ share, maxRecordBytes }), options);
    case 'scheduler':
      return startReducer(
        (sharing) => createScheduler({ sharing, rank: turnedOrder(options.presence.copy), maxRecordBytes }),
        options,
      );
    case 'dispatcher':
      return startMeasuredDispatcher(options);
    case 'api': {
      const { follower, presence, measures, clock, logger, cluster, onFailure } = options;
      const { log, snapshots, bus } = cluster;
      const api = await startApi({
        follower,
        log,
        snapshots,
        bus,
        clock,
        logger,
        serve: measureQueries(cluster.serve, measures.queries),
        onFailure,
      });
      presence.takePart(true);
      const restarts: RestartCounts = new Map();
      const forget = follower.onEvent((_, fact) => countRestarts(restarts, fact));
      return {
        restarts,
        async stop() {
          forget();
          presence.stop();
          await api.stop();
        },
      };
    }
  }
}

function startMeasuredOrchestrator(options: StartRoleOptions, maxRecordBytes: RecordLimit): StartedRole {
  const { cluster, measures } = options;
  const { stats, backlog, stop } = startOrchestrator({
    ...options,
    maxRecordBytes,
    bus: cluster.bus,
    log: measureLog(cluster.log, measures.appends),
    instrument: (reducer) => measureReducer(reducer, measures.decides),
  });
  return { stop, loop: stats, backlog };
}

function startReducer(
  create: (share: Share) => Reducer,
  { cluster, follower, presence, measures, clock, logger }: StartRoleOptions,
): StartedRole {
  let reducer: Reducer | undefined;
  const { stats, stop } = runSharedReducer({
    presence,
    log: measureLog(cluster.log, measures.appends),
    follower,
    clock,
    logger,
    createReducer(share) {
      reducer = create(share);
      return measureReducer(reducer, measures.decides);
    },
  });
  return { stop, loop: stats, backlog: () => reducer?.backlog?.() ?? {} };
}

async function startMeasuredDispatcher(options: StartRoleOptions): Promise<StartedRole> {
  const { cluster, follower, measures, clock } = options;
  const turns = createTurnTimes();
  const forget = follower.onTurn(({ head, headTime }) => turns.note(head, headTime));
  const running = await startDispatcher({
    ...options,
    commands: cluster.commands,
    endpoints: cluster.endpoints,
    bus: cluster.bus,
    log: measureLog(cluster.log, measures.appends),
    instrument: (reducer) => measureReducer(reducer, measures.decides),
    onCommandWritten(basis) {
      const time = turns.timeOf(basis);
      if (time !== undefined) measures.commands.add(Math.max(0, clock.now() - time));
    },
  });
  return {
    loop: running.stats,
    commands: running.commandStats,
    backlog: running.backlog,
    async stop() {
      forget();
      await running.stop();
    },
  };
}
