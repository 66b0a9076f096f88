// Starts reducers, and the API, in this process around one folded state. `muster orchestrator` starts one of them,
// `muster up` all: nothing else differs.
import type { Log } from '@muster/log';
import {
  type Clock,
  type Follower,
  type Logger,
  snapshotRegularly,
  startFollower,
  systemClock,
} from '@muster/runtime';
import { createMeasures, measureSnapshots, type ObservedFold, type Telemetry } from '@muster/telemetry';
import type { ClusterConnection } from './cluster-connection.ts';
import { type ControlRole, startRole } from './start-role.ts';

export const VERSION = '0.1.0';

export interface ControlPlaneOptions {
  readonly cluster: ClusterConnection;
  readonly roles: readonly ControlRole[];
  /** Which copy this is, for logs. */
  readonly copy: string;
  readonly logger: Logger;
  /** Of this process: every role is observed through it. */
  readonly telemetry: Telemetry;
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
  const { cluster, copy, telemetry, logger, clock = systemClock } = options;
  const { log, snapshots } = cluster;
  const startedAt = clock.now();
  const follower = await startFollower({ log, snapshots, clock, logger });
  const fold = observeFold(follower, log, clock.now() - startedAt);
  follower.onFailure(options.onFailure);
  const started: { stop(): Promise<void> }[] = [];
  async function stop(): Promise<void> {
    await Promise.all(started.map((running) => running.stop()));
    await follower.stop();
  }
  try {
    for (const role of options.roles) {
      const measures = createMeasures();
      const running = await startRole(role, { ...options, follower, measures, clock });
      started.push(running);
      if (role !== 'api') started.push(await announce(role, cluster));
      if (role === 'orchestrator') {
        const measured = measureSnapshots(snapshots, measures.snapshots);
        snapshotRegularly({ follower, snapshots: measured, clock, logger, every: options.snapshotEvery });
      }
      telemetry.observe({ ...running, role, copy, measures, fold, connection: cluster.look });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { follower, stop };
}

/** Answers nothing but who it is: that is how the copies of a role are counted. */
function announce(role: ControlRole, { serve }: ClusterConnection): Promise<{ stop(): Promise<void> }> {
  const name = `muster-${role}`;
  return serve({ name, version: VERSION, description: `A copy of the ${role}`, queue: name, endpoints: [] });
}

/** What becomes of the fold, for telemetry. */
function observeFold({ state, onFailure }: Follower, log: Log, startMs: number): ObservedFold {
  let failure: Error | undefined;
  onFailure((error) => {
    failure = error;
  });
  return { state, log, startHead: state.head, startMs, failure: () => failure };
}
