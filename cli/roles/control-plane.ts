// Starts reducers, and the API, in this process around one folded state. `muster orchestrator` starts one of them,
// `muster up` all: nothing else differs.
import { createAllocator } from '@muster/allocator';
import { startApi } from '@muster/api';
import { startDispatcher } from '@muster/dispatcher';
import { createOrchestrator } from '@muster/orchestrator';
import {
  type Clock,
  type Follower,
  type Logger,
  runReducer,
  snapshotRegularly,
  startFollower,
  systemClock,
} from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import type { ClusterConnection } from './cluster-connection.ts';

const VERSION = '0.1.0';

export const reducerRoles = ['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const;
export const controlRoles = [...reducerRoles, 'api'] as const;
export type ControlRole = (typeof controlRoles)[number];

export interface ControlPlaneOptions {
  readonly cluster: ClusterConnection;
  readonly roles: readonly ControlRole[];
  /** Which copy this is, for logs. */
  readonly copy: string;
  readonly logger: Logger;
  readonly heartbeatMs: number;
  /** Records from one snapshot to the next, where the orchestrator is among the roles. */
  readonly snapshotEvery?: number | undefined;
  readonly clock?: Clock;
  /** The state can no longer be kept: the process should end and start anew. */
  readonly onFailure: (error: Error) => void;
}

export interface Running {
  readonly follower: Follower;
  stop(): Promise<void>;
}

export async function startControlPlane(options: ControlPlaneOptions): Promise<Running> {
  const { cluster, logger, clock = systemClock } = options;
  const { log, snapshots } = cluster;
  const follower = await startFollower({ log, snapshots, clock, logger });
  follower.onFailure(options.onFailure);
  const started: { stop(): Promise<void> }[] = [];
  async function stop(): Promise<void> {
    await Promise.all(started.map((running) => running.stop()));
    await follower.stop();
  }
  try {
    for (const role of options.roles) {
      started.push(await startRole(role, follower, clock, options));
      if (role !== 'api') started.push(await announce(role, cluster));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  if (options.roles.includes('orchestrator'))
    snapshotRegularly({ follower, snapshots, clock, logger, every: options.snapshotEvery });
  return { follower, stop };
}

/** Answers nothing but who it is: that is how the copies of a role are counted. */
function announce(role: ControlRole, { serve }: ClusterConnection): Promise<{ stop(): Promise<void> }> {
  const name = `muster-${role}`;
  return serve({ name, version: VERSION, description: `A copy of the ${role}`, queue: name, endpoints: [] });
}

async function startRole(
  role: ControlRole,
  follower: Follower,
  clock: Clock,
  { cluster, logger, heartbeatMs, onFailure }: ControlPlaneOptions,
): Promise<{ stop(): Promise<void> }> {
  const { log, commands, bus, serve } = cluster;
  switch (role) {
    case 'orchestrator':
      return runReducer({ reducer: createOrchestrator(), follower, log, clock, logger });
    case 'allocator':
      return runReducer({ reducer: createAllocator(), follower, log, clock, logger });
    case 'scheduler':
      return runReducer({ reducer: createScheduler(), follower, log, clock, logger });
    case 'dispatcher':
      return startDispatcher({ follower, log, commands, bus, clock, logger, heartbeatMs, onFailure });
    case 'api':
      return startApi({ follower, log, bus, clock, logger, serve });
  }
}
