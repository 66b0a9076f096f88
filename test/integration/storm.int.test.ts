// Everything at once, on real processes: while services come, change and go, whoever works for them is killed with
// kill -9 or stopped for a while, the nats-server killed too. Afterwards the cluster is as it was asked to be, and the nodes run just that.
import { readlink } from 'node:fs/promises';
import { createBackend } from '@muster/backends';
import { TaskState } from '@muster/model';
import { seedChance } from '@muster/simulation';
import { hashState } from '@muster/state';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlRole, controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged, isGone } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const DURATION_MS = 15_000;
const seed = Number(process.env.MUSTER_SEED ?? Date.now() % 100_000);
const chance = seedChance(seed);
const nodes = ['one', 'two', 'three'];
const names = ['a', 'b', 'c', 'd', 'e'];

let cluster: TestCluster;
let copies: Record<ControlRole, RoleProcess[]>;
let watch: Watch;
const agents = new Map<string, RoleProcess>();
/** What was asked for last. */
const wanted = new Map<string, number>();

const startNode = async (name: string) => {
  agents.set(name, await cluster.startAgent(name, { backend: 'process' }));
};

beforeAll(async () => {
  cluster = await startCluster({ heartbeatMs: 1_000 });
  copies = await cluster.startControl(2);
  await Promise.all(nodes.map(startNode));
  watch = await cluster.watch();
  await watch.until('the nodes', areReady(nodes.length));
});

afterAll(() => cluster?.stop());

/** A slow machine gets the pauses it needs; a quick one isn't asked for more than it can do in the time. */
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const sleeper = { image: 'process', command: ['sleep', '600'], restart: { delay: 0 }, stopGracePeriod: '1s' };

async function ask(): Promise<void> {
  const name = chance.pick(names);
  if (wanted.has(name) && chance.happens(0.2)) {
    wanted.delete(name);
    await cluster.intend(watch, 'remove', name);
    return;
  }
  const replicas = chance.between(0, 6);
  wanted.set(name, replicas);
  // Another environment is another version: its tasks are replaced.
  const env = { VERSION: String(chance.between(1, 3)) };
  await cluster.intend(watch, 'apply', name, { ...sleeper, env, replicas, update: { parallelism: 2 } });
}

/** Whoever is hit is started again at once, as systemd would. */
const strikes: Readonly<Record<string, () => Promise<void>>> = {
  async copy() {
    const role = chance.pick(controlRoles);
    const index = chance.between(0, 1);
    await copies[role][index]!.kill();
    copies[role][index] = await cluster.start(role);
  },
  /** Longer, or shorter, than it is counted on. */
  async stopped() {
    const process = chance.pick(copies[chance.pick(controlRoles)]);
    process.signal('SIGSTOP');
    await pause(chance.between(100, 5_000));
    process.signal('SIGCONT');
  },
  async agent() {
    const name = chance.pick(nodes);
    await agents.get(name)!.kill();
    await startNode(name);
  },
  async task() {
    const tasks = [...watch.state.tasks.values()].filter(
      ({ runId, exitCode }) => runId !== '' && exitCode === undefined,
    );
    if (tasks.length > 0) await killIfThere(Number(chance.pick(tasks).runId));
  },
  async nats() {
    await cluster.nats.kill();
    await cluster.nats.restart();
  },
};

/** By where it runs: a process of another program may have its number by now. */
async function killIfThere(pid: number): Promise<void> {
  try {
    if ((await readlink(`/proc/${pid}/cwd`)).startsWith(cluster.dir)) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

it(`weathers a storm (seed ${seed})`, async () => {
  const until = Date.now() + DURATION_MS;
  const asking = (async () => {
    while (Date.now() < until) {
      await ask();
      await pause(chance.between(0, 300));
    }
  })();
  const counts: Record<string, number> = {};
  const striking = (async () => {
    while (Date.now() < until) {
      const kind = chance.pick(['copy', 'copy', 'copy', 'stopped', 'agent', 'task', 'task', 'nats']);
      counts[kind] = (counts[kind] ?? 0) + 1;
      await strikes[kind]!();
      await pause(chance.between(0, 300));
    }
  })();
  await Promise.all([asking, striking]);
  console.log(`${watch.facts.length} records after ${JSON.stringify(counts)}`);

  for (const name of names) {
    const replicas = wanted.get(name);
    if (replicas === undefined) await watch.until(`${name} is gone`, isGone(name), 60_000);
    else await watch.until(`${name} with ${replicas}`, hasConverged(name, replicas), 60_000);
  }
}, 120_000);

it('and the nodes run just what they are to run', async () => {
  await expect
    .poll(async () => (await Promise.all(nodes.map(listRunning))).flat().sort(), { timeout: 30_000 })
    .toEqual(
      [...watch.state.tasks.values()]
        .filter(({ observed, desired }) => observed === TaskState.RUNNING && desired === TaskState.RUNNING)
        .map(({ id }) => id)
        .sort(),
    );
  expect(await cluster.print('state', '--format', 'hash')).toContain(hashState(watch.state));
});

async function listRunning(name: string): Promise<string[]> {
  const nodeId = await cluster.nodeId(name);
  const stateDir = `${cluster.dir}/nodes/${name}/tasks`;
  const backend = await createBackend('process', { clusterName: 'muster', nodeId, stateDir });
  const runs = await backend.list();
  await backend.close();
  return runs.filter(({ status }) => status === 'running').map(({ taskId }) => taskId);
}
