// One process's ends of the cluster: the log, the commands, the snapshots and the bus, over one NATS connection.
import {
  type CommandStore,
  type EndpointStore,
  ensureStreams,
  JetStreamCommandStore,
  JetStreamEndpointStore,
  JetStreamLog,
  JetStreamSnapshotStore,
  LADDER_LIMITS,
  type Log,
  listConsumerStats,
  listenToWrites,
  listWriteStats,
  type SnapshotStore,
} from '@muster/log';
import {
  type Bus,
  connectNats,
  createLogClock,
  createSparingLogger,
  drawId,
  foundCluster,
  type LogClock,
  type Logger,
  NatsBus,
  type ServeQueries,
  serveQueries,
  silentLogger,
  systemClock,
  watchConnection,
} from '@muster/runtime';
import type { ConnectionReading } from '@muster/telemetry';
import { findWitness } from './find-witness.ts';
import { withPatience } from './with-patience.ts';

export interface ClusterConnection {
  readonly log: Log;
  readonly commands: CommandStore;
  readonly endpoints: EndpointStore;
  readonly snapshots: SnapshotStore;
  readonly bus: Bus;
  /** The log's: what is decided is decided by it. */
  readonly clock: LogClock;
  /** Makes a role known to `nats micro ls` and `muster doctor`, and answers its requests. */
  readonly serve: ServeQueries;
  /** Makes the streams that are missing. Throws `LogGoneError` where the log is. */
  prepare(): Promise<void>;
  /** How the connection is and was, and its followers. */
  look(): ConnectionReading;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly url: string;
  /** Shown by the server's monitoring: which role and copy this is. */
  readonly name: string;
  /** Copies of each stream, when they are made. */
  readonly replicas?: number;
  /** Of the cluster, when its log is made. */
  readonly clusterName: string;
  /** Is told what becomes of the connection, and when it is well again. */
  readonly logger?: Logger;
  /** Most bytes of all snapshots that are kept. */
  readonly snapshotBytes?: number | undefined;
  /** Aborted when nobody wants it any more, though NATS may not be ready yet. */
  readonly signal?: AbortSignal | undefined;
}

/** What takes longer is said. */
const IMPATIENT_AFTER_MS = 2_000;

/**
 * Connects, and makes the streams, with the record that says whose they are, when they are missing. A server that is there
 * and can't do that yet, as its cluster is still forming, is waited for.
 */
export async function connectCluster({
  url,
  name,
  replicas = 1,
  clusterName,
  logger = silentLogger,
  snapshotBytes: maxBytes = LADDER_LIMITS.maxBytes,
  signal,
}: ConnectOptions): Promise<ClusterConnection> {
  const nc = await connectNats(url, { name, lasts: true });
  const clock = createLogClock({ clock: systemClock });
  const log = new JetStreamLog(nc, { onServerTime: clock.observe });
  const sparing = createSparingLogger(logger, systemClock);
  const bus = new NatsBus(nc, (err, subject) =>
    sparing.error({ err, subject }, 'a message was not dealt with'),
  );
  let hasLog = false;
  const whoKnowsOfLog = async () => (hasLog ? 'this process has read it' : findWitness(bus));
  async function prepare(retryForMs?: number): Promise<void> {
    await ensureStreams(nc, { replicas, whoKnowsOfLog, ...(retryForMs !== undefined && { retryForMs }) });
    if (!hasLog) await foundCluster(log, { clusterId: drawId(), name: clusterName }, systemClock);
    hasLog = true;
  }
  try {
    await withPatience(() => prepare(IMPATIENT_AFTER_MS), { logger, signal });
  } catch (error) {
    // What is left open keeps the process from ending.
    await nc.close();
    throw error;
  }
  const connection = watchConnection(nc, {
    onLost: (server, onPurpose) => {
      if (onPurpose) logger.info({ connection: name, server }, 'leaving this NATS server for another');
      else logger.warn({ connection: name, server }, 'the connection to NATS is lost: looking for it again');
    },
    onFound: (server, afterMs) =>
      logger.info(
        { connection: name, server, afterMs: Math.round(afterMs) },
        'the connection to NATS is there again',
      ),
  });
  listenToWrites(nc, {
    onRefusing: (stream, why, noRoom) =>
      logger[noRoom ? 'error' : 'warn']({ stream, why }, 'nothing can be stored: what is to be stored waits'),
    onTaking: (stream) => logger.info({ stream }, 'what waited can be stored again'),
  });
  return {
    log,
    commands: new JetStreamCommandStore(nc),
    endpoints: new JetStreamEndpointStore(nc),
    snapshots: new JetStreamSnapshotStore(nc, { ...LADDER_LIMITS, maxBytes }),
    bus,
    clock,
    serve: (service) => serveQueries(nc, service),
    prepare: () => prepare(),
    look: () => ({
      ...connection(),
      consumers: listConsumerStats(nc),
      writes: listWriteStats(nc),
      clock: { aheadMs: clock.aheadMs, leapMs: clock.leapMs },
    }),
    async close() {
      await log.close();
      await nc.close();
    },
  };
}
