// Reducers, and the API, around one folded state: what runs until it is stopped, or until the log turns out to be another
// one than was folded.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Log } from '@muster/log';
import {
  type Clock,
  type Follower,
  keepLadder,
  LEAP_MS,
  type Logger,
  snapshotRegularly,
  startFollower,
  startPresence,
} from '@muster/runtime';
import { createMeasures, measureSnapshots, type ObservedFold, type Telemetry } from '@muster/telemetry';
import type { ClusterConnection } from './cluster-connection.ts';
import type { Losses } from './losses.ts';
import { type ControlRole, startRole } from './start-role.ts';
import { VERSION } from './version.ts';

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

export interface Life {
  readonly follower: Follower;
  stop(): Promise<void>;
  /** Takes it out of the telemetry's account. */
  forget(): void;
}

export interface LifeOptions extends ControlPlaneOptions {
  readonly clock: Clock;
  readonly losses: Losses;
}

export async function startLife(options: LifeOptions): Promise<Life> {
  const { cluster, copy, telemetry, logger, clock, losses } = options;
  const { log, snapshots } = cluster;
  const startedAt = clock.now();
  // Said before the log is folded, which may take long: it is to be written so that we can read it.
  const presences = options.roles.map((role) => {
    const title = `${copy} on ${hostname()}`;
    return startPresence({ bus: cluster.bus, clock, role, copy: randomUUID(), title, able: false });
  });
  const follower = await startFollower({ log, snapshots, clock, logger }).catch((error) => {
    for (const presence of presences) presence.stop();
    throw error;
  });
  losses.compare(follower);
  const { aheadMs } = cluster.clock;
  if (Math.abs(aheadMs) > LEAP_MS)
    logger.warn({ aheadMs }, "this machine's clock differs from the log's, by which everything is decided");
  const fold = observeFold(follower, log, clock.now() - startedAt, losses);
  follower.onFailure(options.onFailure);
  const started: { stop(): Promise<void> }[] = [];
  const forgets: (() => void)[] = [];
  const forget = () => {
    for (const one of forgets) one();
  };
  async function stop(): Promise<void> {
    await Promise.all(started.map((running) => running.stop()));
    for (const presence of presences) presence.stop();
    await follower.stop();
  }
  try {
    for (const [index, role] of options.roles.entries()) {
      const measures = createMeasures();
      const presence = presences[index]!;
      const running = await startRole(role, { ...options, follower, presence, measures, lost: losses.last });
      started.push(running);
      if (role !== 'api') started.push(await announce(role, cluster));
      if (role === 'orchestrator') {
        const stored = { snapshots: measureSnapshots(snapshots, measures.snapshots), clock, logger };
        snapshotRegularly({ ...stored, follower, every: options.snapshotEvery });
        started.push(
          keepLadder({
            ...stored,
            log,
            bus: cluster.bus,
            copy: randomUUID(),
            head: () => follower.state.head,
            onPending(records) {
              measures.snapshots.pending = records;
            },
          }),
        );
      }
      forgets.push(telemetry.observe({ ...running, role, copy, measures, fold, connection: cluster.look }));
    }
  } catch (error) {
    forget();
    await stop();
    throw error;
  }
  return { follower, stop, forget };
}

/** Answers nothing but who it is: that is how the copies of a role are counted. */
function announce(role: ControlRole, { serve }: ClusterConnection): Promise<{ stop(): Promise<void> }> {
  const name = `muster-${role}`;
  return serve({ name, version: VERSION, description: `A copy of the ${role}`, queue: name, endpoints: [] });
}

/** What becomes of the fold, for telemetry. */
function observeFold(follower: Follower, log: Log, startMs: number, losses: Losses): ObservedFold {
  const { state } = follower;
  let failure: Error | undefined;
  follower.onFailure((error) => {
    failure = error;
  });
  return {
    state,
    log,
    startHead: state.head,
    startMs,
    losses: losses.counts,
    isCertain: () => follower.isCertain,
    failure: () => failure,
  };
}
