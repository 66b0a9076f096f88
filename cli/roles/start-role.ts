// One copy of a role of the control plane, around a folded state that is there already, with a stopwatch at its ports.
import { randomUUID } from 'node:crypto';
import { createAllocator } from '@muster/allocator';
import { startApi } from '@muster/api';
import { startDispatcher } from '@muster/dispatcher';
import { createOrchestrator } from '@muster/orchestrator';
import {
  type Clock,
  type Follower,
  type Logger,
  type Reducer,
  runSharedReducer,
  type Share,
  turnedOrder,
} from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import {
  createTurnTimes,
  type Measures,
  measureLog,
  measureQueries,
  measureReducer,
  type ObservedRole,
} from '@muster/telemetry';
import type { ClusterConnection } from './cluster-connection.ts';

export const reducerRoles = ['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const;
export const controlRoles = [...reducerRoles, 'api'] as const;
export type ControlRole = (typeof controlRoles)[number];

export interface StartRoleOptions {
  readonly cluster: ClusterConnection;
  readonly follower: Follower;
  readonly measures: Measures;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly heartbeatMs: number;
  readonly onFailure: (error: Error) => void;
}

export interface StartedRole extends Pick<ObservedRole, 'loop' | 'commands' | 'backlog'> {
  stop(): Promise<void>;
}

export async function startRole(role: ControlRole, options: StartRoleOptions): Promise<StartedRole> {
  const maxRecordBytes = () => options.cluster.log.maxRecordBytes;
  switch (role) {
    case 'orchestrator':
      return startReducer(role, (share) => createOrchestrator({ share, maxRecordBytes }), options);
    case 'allocator':
      return startReducer(role, (share) => createAllocator({ share }), options);
    case 'scheduler':
      return startReducer(
        role,
        (sharing, copy) => createScheduler({ sharing, rank: turnedOrder(copy), maxRecordBytes }),
        options,
      );
    case 'dispatcher':
      return startMeasuredDispatcher(options);
    case 'api': {
      const { follower, measures, clock, logger, cluster } = options;
      const { log, bus } = cluster;
      return startApi({
        follower,
        log,
        bus,
        clock,
        logger,
        serve: measureQueries(cluster.serve, measures.queries),
      });
    }
  }
}

function startReducer(
  role: Reducer['name'],
  create: (share: Share, copy: string) => Reducer,
  { cluster, follower, measures, clock, logger }: StartRoleOptions,
): StartedRole {
  const copy = randomUUID();
  let reducer: Reducer | undefined;
  const { stats, stop } = runSharedReducer({
    role,
    copy,
    bus: cluster.bus,
    log: measureLog(cluster.log, measures.appends),
    follower,
    clock,
    logger,
    createReducer(share) {
      reducer = create(share, copy);
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
    bus: cluster.bus,
    copy: randomUUID(),
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
