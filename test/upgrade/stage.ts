// A cluster whose processes are of two builds, under load, and somebody who asks its APIs for the hash of their state.
import { pathToFileURL } from 'node:url';
import { createQueryClient, type QueryClient } from '@muster/api';
import { connectNats, NatsBus } from '@muster/runtime';
import { type ControlRole, controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import type { Watch } from '../harness/watch.ts';
import type { Builds } from './next-build.ts';

export type Eyes = typeof import('./eyes.ts');

export interface Stage {
  readonly cluster: TestCluster;
  /** What it sees, it sees as the next build does. */
  readonly eyes: Eyes;
  readonly watch: Watch;
  readonly queries: QueryClient;
  /** Whoever runs now, and everybody who ever did. */
  readonly running: Map<string, RoleProcess>;
  readonly everybody: RoleProcess[];
  startControl(role: ControlRole, build: keyof Builds, copy?: string): Promise<RoleProcess>;
  startAgent(name: string, build: keyof Builds): Promise<RoleProcess>;
  /** Starts the one of the build, and stops the one that was there: a reducer after, an agent before. */
  upgrade(name: string, build: keyof Builds): Promise<void>;
  stop(): Promise<void>;
}

const SNAPSHOT_EVERY = '50';

/** A strict watch fails when a record breaks a rule. */
export async function setStage(builds: Builds, { strict = true } = {}): Promise<Stage> {
  const eyes = (await import(/* @vite-ignore */ pathToFileURL(builds.nextEyes).href)) as Eyes;
  // An agent that is exchanged is away for as long as a process takes to start, on a machine with far too much to do.
  const cluster = await startCluster({ heartbeatMs: 30_000 });
  const running = new Map<string, RoleProcess>();
  const everybody: RoleProcess[] = [];
  let watch: Watch | undefined;
  const connection = await connectNats(cluster.url, { name: 'test-queries' });

  async function launch(name: string, args: readonly string[], build: keyof Builds): Promise<RoleProcess> {
    const started = await cluster.launch(args, { MUSTER_PROGRAM: builds[build] });
    running.set(name, started);
    everybody.push(started);
    return started;
  }

  const stage: Stage = {
    cluster,
    eyes,
    get watch() {
      if (!watch) throw new Error('there is no log yet');
      return watch;
    },
    queries: createQueryClient(new NatsBus(connection)),
    running,
    everybody,
    async startControl(role, build, copy = role) {
      const more = role === 'orchestrator' ? ['--snapshot-every', SNAPSHOT_EVERY] : [];
      return launch(copy, [role, '--metrics', '0', ...more], build);
    },
    async startAgent(name, build) {
      const dir = `${cluster.dir}/nodes/${name}`;
      return launch(name, ['agent', '--backend', 'process', '--dir', dir, '--hostname', name], build);
    },
    async upgrade(name, build) {
      const before = running.get(name)!;
      const role = controlRoles.find((known) => known === name);
      if (!role) await stopPolitely(before);
      await (role ? stage.startControl(role, build) : stage.startAgent(name, build));
      if (role) await stopPolitely(before);
    },
    async stop() {
      await watch?.stop();
      await connection.close();
      await cluster.stop();
    },
  };
  await Promise.all(controlRoles.map((role) => stage.startControl(role, 'previous')));
  watch = await eyes.watchLog(cluster.url, { strict });
  return stage;
}

async function stopPolitely(process: RoleProcess): Promise<void> {
  const { code, signal } = await process.stop();
  if (code !== 0) throw new Error(`${process.role} ended with ${signal ?? code}`);
}

export const sleeper = { image: 'process', command: ['sleep', '600'], stopGracePeriod: '1s' };

export interface Load {
  /** Names whose last word was so many replicas. */
  readonly wanted: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const EVERY_MS = 1_000;
const KEPT = 3;

/** Creates a service, scales the one before, changes the one before that, removes an older one; again and again. */
export function putUnderLoad({ cluster, watch }: Stage): Load {
  const wanted = new Map<string, number>();
  let stopped = false;
  const loading = (async () => {
    for (let index = 0; !stopped; index += 1) {
      await cluster.intend(watch, 'create', `s${index}`, { ...sleeper, replicas: 1 });
      wanted.set(`s${index}`, 1);
      if (index >= 1) {
        await cluster.intend(watch, 'scale', `s${index - 1}`, { replicas: 2 });
        wanted.set(`s${index - 1}`, 2);
      }
      if (index >= 2) {
        const changed = { ...sleeper, replicas: 2, command: ['sleep', '601'], update: { delay: 0 } };
        await cluster.intend(watch, 'apply', `s${index - 2}`, changed);
      }
      if (index >= KEPT) {
        await cluster.intend(watch, 'remove', `s${index - KEPT}`);
        wanted.delete(`s${index - KEPT}`);
      }
      // The pace of whoever asks, not a wait for anything.
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  return {
    wanted,
    async stop() {
      stopped = true;
      await loading;
    },
  };
}

export interface Sample {
  readonly seq: number;
  readonly hash: string;
}

/** Asks whichever API answers for its hash, again and again. */
export function sampleHashes({ queries }: Stage): { stop(): Promise<readonly Sample[]> } {
  const samples: Sample[] = [];
  let stopped = false;
  const sampling = (async () => {
    while (!stopped) {
      // One that stops in the middle of a question does not answer it.
      const asked = await queries.ask('state.hash', {}, { timeoutMs: 2_000 }).catch(() => undefined);
      if (asked) samples.push(asked.answer);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await sampling;
      return samples;
    },
  };
}
