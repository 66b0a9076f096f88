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
import {
  createMeasures,
  type Measures,
  measureSnapshots,
  type ObservedFold,
  type Telemetry,
} from '@muster/telemetry';
import type { ClusterConnection } from './cluster-connection.ts';
import { type Kept, keepRunning, type Stoppable } from './keep-running.ts';
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
  /** Aborted when nobody waits for its start any more. */
  readonly signal?: AbortSignal;
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
  const arrive = (role: ControlRole) => {
    const title = `${copy} on ${hostname()}`;
    return startPresence({ bus: cluster.bus, clock, role, copy: randomUUID(), title, able: false });
  };
  // Said before the log is folded, which may take long: it is to be written so that we can read it.
  const presences = new Map(options.roles.map((role) => [role, arrive(role)]));
  const follower = await startFollower({ log, snapshots, clock, logger }).catch((error) => {
    for (const presence of presences.values()) presence.stop();
    throw error;
  });
  losses.compare(follower);
  const { aheadMs } = cluster.clock;
  if (Math.abs(aheadMs) > LEAP_MS)
    logger.warn({ aheadMs }, "this machine's clock differs from the log's, by which everything is decided");
  const fold = observeFold(follower, log, clock.now() - startedAt, losses);
  follower.onFailure(options.onFailure);
  const seats: Kept<Seat>[] = [];
  const tend: Stoppable[] = [];
  const forgets = new Map<ControlRole, () => void>();
  const forget = () => {
    for (const forgetRole of forgets.values()) forgetRole();
  };

  async function startSeat(role: ControlRole, onEnd: (error: Error) => void): Promise<Seat> {
    const measures = createMeasures();
    const presence = presences.get(role) ?? arrive(role);
    presences.delete(role);
    let ended: Error | undefined;
    try {
      const running = await startRole(role, {
        ...options,
        follower,
        presence,
        measures,
        lost: losses.last,
        onFailure(error) {
          ended = error;
          onEnd(error);
        },
      });
      const announced = role === 'api' ? undefined : await announce(role, cluster);
      const observed = telemetry.observe({
        ...running,
        role,
        copy,
        measures,
        // Until it runs again it is not ready; the process is none the worse for it.
        fold: { ...fold, isCertain: () => ended === undefined && fold.isCertain() },
        connection: cluster.look,
      });
      forgets.get(role)?.();
      forgets.set(role, observed);
      return {
        snapshots: measures.snapshots,
        async stop() {
          await Promise.all([running.stop(), announced?.stop()]);
          presence.stop();
        },
      };
    } catch (error) {
      presence.stop();
      throw error;
    }
  }

  function storeSnapshots({ snapshots: measures }: Seat): void {
    const stored = { snapshots: measureSnapshots(snapshots, measures), clock, logger };
    snapshotRegularly({ ...stored, follower, every: options.snapshotEvery });
    tend.push(
      keepLadder({
        ...stored,
        log,
        bus: cluster.bus,
        copy: randomUUID(),
        head: () => follower.state.head,
        onPending(records) {
          measures.pending = records;
        },
      }),
    );
  }

  async function stop(): Promise<void> {
    await Promise.all([...seats, ...tend].map((running) => running.stop()));
    for (const presence of presences.values()) presence.stop();
    await follower.stop();
  }

  try {
    for (const role of options.roles) {
      const seat = await keepRunning({
        what: `${role} ${copy}`,
        clock,
        logger,
        start: (onEnd) => startSeat(role, onEnd),
        // What it had ended for may be a stream that is gone.
        whenFree: cluster.prepare,
      });
      seats.push(seat);
      if (role === 'orchestrator') storeSnapshots(seat.current);
    }
  } catch (error) {
    forget();
    await stop();
    throw error;
  }
  return { follower, stop, forget };
}

/** One role at work. Its end is its own: the others go on. */
interface Seat extends Stoppable {
  readonly snapshots: Measures['snapshots'];
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
