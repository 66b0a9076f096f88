// The parts of a cluster, each a process of its own that is accounted for: nats-server, one or three; reducers, all in
// one process or each copy in its own; nodes. All of it is gone when the benchmark ends, whatever the end.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsCluster, type NatsServerProcess, startNatsCluster, startNatsServer } from '@muster/runtime';
import { type RoleProcess, startRole } from '../harness/role-process.ts';
import { atEnd } from './cleanup.ts';
import { openAccount, type Usage } from './usage.ts';

export const reducers = ['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const;
export type ReducerRole = (typeof reducers)[number];

export interface NodesOptions {
  readonly count: number;
  /** They are shared between so many. */
  readonly processes?: number;
}

export interface System {
  readonly dir: string;
  readonly url: string;
  readonly servers: readonly NatsServerProcess[];
  /** Where there are several. */
  readonly cluster: NatsCluster | undefined;
  /** A role of the program; its name in the accounts is the role. */
  start(role: string, ...args: string[]): Promise<RoleProcess>;
  /** All reducers, and the API, in one process: "control". */
  startControl(copies?: number): Promise<RoleProcess>;
  /** Each copy in its own process. */
  startReducers(copies: number): Promise<Record<ReducerRole, RoleProcess[]>>;
  /** Simulated nodes: "nodes". Resolves when they are ready to run tasks. */
  startNodes(options: NodesOptions): Promise<void>;
  usage(): Usage;
  /** What the servers keep on disk, in MB. */
  storedMb(): Promise<number>;
  /** Before the end of the benchmark. */
  stop(): Promise<void>;
}

export interface SystemOptions {
  readonly servers?: 1 | 3;
  readonly heartbeatMs?: number;
}

const HEARTBEAT_MS = 5000;

export async function startSystem({
  servers: size = 1,
  heartbeatMs = HEARTBEAT_MS,
}: SystemOptions = {}): Promise<System> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  atEnd(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  const natsDir = join(dir, 'nats');
  const account = openAccount();
  const cluster = size === 1 ? undefined : await startNatsCluster({ dir: natsDir, size });
  if (cluster) atEnd(() => cluster.stop());
  const single = cluster ? undefined : await startNatsServer({ dir: natsDir });
  if (single) atEnd(() => single.stop());
  const servers = cluster?.servers ?? [single!];
  for (const { pid } of servers) account.add('nats', pid);
  const url = cluster?.url ?? single!.url;
  const env = {
    MUSTER_NATS: url,
    MUSTER_HEARTBEAT_MS: String(heartbeatMs),
    MUSTER_STREAM_REPLICAS: String(size),
  };
  const processes: { stop(): Promise<unknown> }[] = [];

  function keep<T extends { readonly pid: number; stop(): Promise<unknown> }>(name: string, started: T): T {
    account.add(name, started.pid);
    processes.push(started);
    atEnd(() => started.stop());
    return started;
  }

  async function start(role: string, ...args: string[]): Promise<RoleProcess> {
    return keep(role, await startRole([role, ...args], env));
  }

  return {
    dir,
    url,
    servers,
    cluster,
    start,
    async startControl(copies = 1) {
      const args = ['--nats', url, '--dir', join(dir, 'up'), '--nodes', '0', '--copies', String(copies)];
      return keep('control', await startRole(['up', ...args], env));
    },
    async startReducers(copies) {
      // The first one makes the streams.
      const first = await start('orchestrator');
      const all = reducers.flatMap((role) =>
        Array.from({ length: role === 'orchestrator' ? copies - 1 : copies }, () => start(role)),
      );
      const started = [first, ...(await Promise.all(all))];
      const of = (role: ReducerRole) => started.filter((process) => process.role === role);
      return Object.fromEntries(reducers.map((role) => [role, of(role)])) as Record<
        ReducerRole,
        RoleProcess[]
      >;
    },
    async startNodes({ count, processes: split = 1 }) {
      const share = Math.ceil(count / split);
      const starting = Array.from({ length: split }, (_, index) => {
        const nodes = Math.min(share, count - index * share);
        const names = ['--hostname', `p${index + 1}-node`, '--dir', join(dir, `nodes-${index}`)];
        return startRole(['agent', '--backend', 'simulator', '--count', String(nodes), ...names], env);
      });
      for (const started of await Promise.all(starting)) keep('nodes', started);
    },
    usage: () => account.read(),
    storedMb: async () => (await measureFolder(natsDir)) / 2 ** 20,
    async stop() {
      await Promise.all(processes.map((process) => process.stop()));
      await (cluster ?? single)?.stop();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Files come and go while they are counted. */
async function measureFolder(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile()) bytes += found.blocks * 512;
  }
  return bytes;
}
