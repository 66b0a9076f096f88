// Several nats-servers as one JetStream cluster, on this machine: for tests and benchmarks of what survives the loss of
// one. Ready when streams with as many replicas as servers can be made.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type NatsServerProcess, startNatsServer } from './nats-server.ts';

export interface NatsCluster {
  /** By index, as they are now: a restart puts another process in the place. */
  readonly servers: readonly NatsServerProcess[];
  /** All of them, separated by commas. */
  readonly url: string;
  /** Starts a server that was stopped or killed again, on its port and with what it had stored. */
  restart(index: number): Promise<NatsServerProcess>;
  /** Which server leads all of them; `undefined` while there is an election. */
  metaLeader(): Promise<number | undefined>;
  /** Which server leads a stream; `undefined` while there is an election. */
  leaderOf(stream: string): Promise<number | undefined>;
  /** Resolves when all of them are one cluster. */
  untilReady(): Promise<void>;
  stop(): Promise<void>;
}

/** Where a server is to be, when it is not to be beside the others. */
export interface NatsHost {
  readonly address: string;
  /** Before its command: what starts it there. */
  readonly via: readonly string[];
}

interface Place extends NatsHost {
  readonly name: string;
  readonly port: number;
  readonly routePort: number;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 25;
/** One that is paused or cut off does not answer. */
const ANSWER_MS = 1_000;
const USUAL_PORT = 4222;
const USUAL_ROUTE_PORT = 6222;

export async function startNatsCluster(options: {
  readonly dir?: string;
  readonly size: number;
  readonly syncAlways?: boolean;
  /** On the usual ports of these, one on each; by default on free ones of this machine. */
  readonly hosts?: readonly NatsHost[];
  /** More of nats-server's own configuration, as text. */
  readonly extraConfig?: string;
  /** More of what is about JetStream in their configuration, as text. */
  readonly jetstreamConfig?: string;
}): Promise<NatsCluster> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'muster-nats-cluster-')));
  const places = options.hosts?.map(placeOn) ?? (await findPlaces(options.size));
  const routes = places.map(({ address, routePort }) => `nats-route://${address}:${routePort}`);

  const start = ({ name, address, via, port, routePort }: Place) =>
    startNatsServer({
      dir: join(dir, name),
      host: address,
      port,
      via,
      syncAlways: options.syncAlways ?? false,
      jetstreamConfig: options.jetstreamConfig ?? '',
      extraConfig: `server_name: ${name}
http: "${address}:-1"
cluster { name: muster, listen: "${address}:${routePort}", routes: ${JSON.stringify(routes)} }
${options.extraConfig ?? ''}`,
    });

  const servers = await Promise.all(places.map(start));

  async function stop(): Promise<void> {
    await Promise.all(servers.map((server) => server.stop()));
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  }

  try {
    await untilReady(servers);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    servers,
    url: servers.map(({ url }) => url).join(','),
    stop,
    untilReady: () => untilReady(servers),
    async restart(index) {
      const server = await start(places[index]!);
      servers[index] = server;
      return server;
    },
    async metaLeader() {
      const reports = await Promise.all(servers.map((server) => askJetStream(server)));
      // Believed only of itself.
      const index = reports.findIndex((report, at) => report?.meta_cluster?.leader === places[at]!.name);
      return index === -1 ? undefined : index;
    },
    async leaderOf(stream) {
      const reports = await Promise.all(servers.map((server) => askJetStream(server, '?streams=true')));
      // Believed only of itself: the others name a dead leader until they elect another.
      const index = reports.findIndex((report, at) => leadersOf(report, stream).includes(places[at]!.name));
      return index === -1 ? undefined : index;
    },
  };
}

/** The part that is read of what a server tells about JetStream. */
interface JetStreamReport {
  readonly meta_cluster?: {
    readonly leader?: string;
    readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[];
  };
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly cluster?: { readonly leader?: string };
    }[];
  }[];
}

async function askJetStream(server: NatsServerProcess, query = ''): Promise<JetStreamReport | undefined> {
  try {
    const response = await fetch(`${server.monitorUrl}/jsz${query}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return response.ok ? ((await response.json()) as JetStreamReport) : undefined;
  } catch {
    return undefined;
  }
}

function leadersOf(report: JetStreamReport | undefined, stream: string): (string | undefined)[] {
  const streams = report?.account_details?.flatMap((account) => account.stream_detail ?? []) ?? [];
  return streams.filter(({ name }) => name === stream).map(({ cluster }) => cluster?.leader);
}

/** Only the leader of the meta group knows who is in it, and only those get replicas. */
async function untilReady(servers: readonly NatsServerProcess[]): Promise<void> {
  const giveUpAt = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < giveUpAt) {
    const reports = await Promise.all(servers.map((server) => askJetStream(server)));
    const complete = reports.some(({ meta_cluster: meta } = {}) => {
      const current = meta?.replicas?.filter((replica) => replica.current && replica.offline !== true);
      return current?.length === servers.length - 1;
    });
    const agreed = new Set(reports.map((report) => report?.meta_cluster?.leader || undefined));
    if (complete && agreed.size === 1 && !agreed.has(undefined)) return;
    await delay(POLL_MS);
  }
  throw new Error(`the nats-servers don't make a cluster after ${READY_TIMEOUT_MS / 1000} seconds`);
}

function nameServer(index: number): string {
  return `n${index + 1}`;
}

function placeOn(host: NatsHost, index: number): Place {
  return { ...host, name: nameServer(index), port: USUAL_PORT, routePort: USUAL_ROUTE_PORT };
}

async function findPlaces(size: number): Promise<Place[]> {
  const ports = await freePorts(2 * size);
  return Array.from({ length: size }, (_, index) => ({
    name: nameServer(index),
    address: '127.0.0.1',
    via: [],
    port: ports[index]!,
    routePort: ports[size + index]!,
  }));
}

async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = held.map((server) => (server.address() as { port: number }).port);
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
