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
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 25;

export async function startNatsCluster(options: {
  readonly dir?: string;
  readonly size: number;
  readonly syncAlways?: boolean;
  /** More of what is about JetStream in their configuration, as text. */
  readonly jetstreamConfig?: string;
}): Promise<NatsCluster> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'muster-nats-cluster-')));
  const ports = await freePorts(options.size * 2);
  const places = Array.from({ length: options.size }, (_, index) => ({
    name: `n${index + 1}`,
    port: ports[index]!,
    routePort: ports[options.size + index]!,
  }));
  const routes = places.map(({ routePort }) => `nats-route://127.0.0.1:${routePort}`);

  const start = ({ name, port, routePort }: (typeof places)[number]) =>
    startNatsServer({
      dir: join(dir, name),
      port,
      syncAlways: options.syncAlways ?? false,
      jetstreamConfig: options.jetstreamConfig ?? '',
      extraConfig: `server_name: ${name}
http: "127.0.0.1:-1"
cluster { name: muster, listen: "127.0.0.1:${routePort}", routes: ${JSON.stringify(routes)} }`,
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
  const response = await fetch(`${server.monitorUrl}/jsz${query}`).catch(() => undefined);
  return response?.ok ? ((await response.json()) as JetStreamReport) : undefined;
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
