// A whole cluster for one test file: a nats-server, roles as processes of their own, a watch on the log; in a temporary
// directory that goes, with all that runs in it, when the cluster is stopped.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackend } from '@muster/backends';
import { encodeJson, intentSubject } from '@muster/events';
import { type NatsServerProcess, startNatsServer } from '@muster/runtime';
import { type Outcome, type RunOptions, runMuster } from './program.ts';
import { type RoleProcess, startRole } from './role-process.ts';
import { type Watch, type WatchOptions, watchLog } from './watch.ts';

export const reducers = ['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const;
export const controlRoles = [...reducers, 'api'] as const;
export type ControlRole = (typeof controlRoles)[number];

export interface AgentOptions {
  readonly backend: 'simulator' | 'process' | 'docker';
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly via?: RunOptions['via'];
}

export interface TestCluster {
  readonly dir: string;
  readonly url: string;
  readonly nats: {
    /** kill -9. */
    kill(): Promise<void>;
    /** On its port, with what it had stored. */
    restart(): Promise<void>;
  };
  /** A command of the CLI, run to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** The same, for commands that must succeed: what it printed. */
  print(...args: string[]): Promise<string>;
  start(role: ControlRole | 'up', ...args: string[]): Promise<RoleProcess>;
  /** Anything that stays, with more in its environment, or somewhere else. */
  launch(args: readonly string[], env?: RunOptions['env'], via?: RunOptions['via']): Promise<RoleProcess>;
  /** One process for each role and copy. */
  startControl(copies: number, ...args: string[]): Promise<Record<ControlRole, RoleProcess[]>>;
  /** A node of that name: started again, it has the same identity. */
  startAgent(name: string, options: AgentOptions): Promise<RoleProcess>;
  /** The id of the node of that name, once it has been started. */
  nodeId(name: string): Promise<string>;
  watch(options?: WatchOptions): Promise<Watch>;
  /** Publishes an intent as ana. Its sequence. */
  intend(watch: Watch, verb: string, name: string, body?: unknown): Promise<number>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly heartbeatMs?: number;
  /** A server, or several, that the test takes care of. */
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-test-'));
  const startServer = (port?: number) =>
    startNatsServer({ dir: join(dir, 'nats'), ...(port !== undefined && { port }) });
  let server: NatsServerProcess | undefined = options.url === undefined ? await startServer() : undefined;
  const url = options.url ?? server!.url;
  const env = { MUSTER_NATS: url, MUSTER_HEARTBEAT_MS: String(options.heartbeatMs ?? 5000), ...options.env };
  const processes: RoleProcess[] = [];
  const watches: Watch[] = [];
  const nodes = join(dir, 'nodes');

  async function launch(
    args: readonly string[],
    extraEnv: RunOptions['env'] = {},
    via?: RunOptions['via'],
  ): Promise<RoleProcess> {
    const started = await startRole(args, { ...env, ...extraEnv }, via);
    processes.push(started);
    return started;
  }

  const cluster: TestCluster = {
    dir,
    url,
    nats: {
      kill: async () => server?.kill(),
      async restart() {
        server = await startServer(server?.port);
      },
    },
    run: (args, runOptions = {}) => runMuster(args, { ...runOptions, env: { ...env, ...runOptions.env } }),
    async print(...args) {
      const { code, stdout, stderr } = await cluster.run(args);
      if (code !== 0) throw new Error(`muster ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
      return stdout;
    },
    launch,
    // What is all in one uses a server of its own unless told otherwise.
    start: (role, ...args) =>
      launch(role === 'up' ? [role, '--nats', url, '--dir', join(dir, 'up'), ...args] : [role, ...args]),
    async startControl(copies, ...args) {
      const all = controlRoles.flatMap((role) => Array.from({ length: copies }, () => role));
      const started = await Promise.all(all.map((role) => launch([role, ...args])));
      const of = (role: ControlRole) => started.filter((process) => process.role === role);
      return Object.fromEntries(controlRoles.map((role) => [role, of(role)])) as Record<
        ControlRole,
        RoleProcess[]
      >;
    },
    startAgent: (name, { backend, args = [], env: agentEnv, via }) =>
      launch(
        ['agent', '--backend', backend, '--dir', join(nodes, name), '--hostname', name, ...args],
        agentEnv,
        via,
      ),
    nodeId: async (name) => (await readFile(join(nodes, name, 'node-id'), 'utf8')).trim(),
    async watch(watchOptions) {
      const watch = await watchLog(url, watchOptions);
      watches.push(watch);
      return watch;
    },
    async intend(watch, verb, name, body) {
      const data = body === undefined ? new Uint8Array() : encodeJson(body);
      const appended = await watch.log.append(intentSubject('ana', 'service', verb, name), data);
      if (!appended.ok) throw new Error('an intent expects nothing');
      return appended.seq;
    },
    async stop() {
      await Promise.all(watches.map((watch) => watch.stop()));
      await Promise.all(processes.map((process) => process.kill()));
      await removeProcessTasks(nodes);
      await server?.stop();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return cluster;
}

/** What the process backend runs outlives its agents. */
async function removeProcessTasks(nodes: string): Promise<void> {
  for (const name of await readdir(nodes).catch(() => [])) {
    const stateDir = join(nodes, name, 'tasks');
    for (const clusterName of await readdir(stateDir).catch(() => [])) {
      for (const nodeId of await readdir(join(stateDir, clusterName))) {
        const backend = await createBackend('process', { clusterName, nodeId, stateDir });
        await Promise.all((await backend.list()).map(({ taskId }) => backend.remove(taskId)));
        await backend.close();
      }
    }
  }
}
