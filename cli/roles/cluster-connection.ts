// One process's ends of the cluster: the log, the commands, the snapshots and the bus, over one NATS connection.
import {
  type CommandStore,
  ensureStreams,
  JetStreamCommandStore,
  JetStreamLog,
  JetStreamSnapshotStore,
  type Log,
  listConsumerStats,
  type SnapshotStore,
} from '@muster/log';
import {
  type Bus,
  connectNats,
  NatsBus,
  type ServeQueries,
  serveQueries,
  watchConnection,
} from '@muster/runtime';
import type { ConnectionReading } from '@muster/telemetry';

export interface ClusterConnection {
  readonly log: Log;
  readonly commands: CommandStore;
  readonly snapshots: SnapshotStore;
  readonly bus: Bus;
  /** Makes a role known to `nats micro ls` and `muster doctor`, and answers its requests. */
  readonly serve: ServeQueries;
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
}

/** Connects, and makes the streams when they are missing. */
export async function connectCluster({
  url,
  name,
  replicas = 1,
}: ConnectOptions): Promise<ClusterConnection> {
  const nc = await connectNats(url, { name });
  try {
    await ensureStreams(nc, { replicas });
  } catch (error) {
    // What is left open keeps the process from ending.
    await nc.close();
    throw error;
  }
  const log = new JetStreamLog(nc);
  const connection = watchConnection(nc);
  return {
    log,
    commands: new JetStreamCommandStore(nc),
    snapshots: new JetStreamSnapshotStore(nc),
    bus: new NatsBus(nc),
    serve: (service) => serveQueries(nc, service),
    look: () => ({ ...connection(), consumers: listConsumerStats(nc) }),
    async close() {
      await log.close();
      await nc.close();
    },
  };
}
