// Without its nats-server a cluster decides nothing, and everything that runs goes on; once it is back, everybody goes
// on by himself, and what happened meanwhile is told.
import { connectNats, startNatsCluster } from '@muster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import { untilStored } from '../harness/until-stored.ts';
import type { Watch } from '../harness/watch.ts';

/** Longer than anything is tried for, and than nodes are waited for that say nothing. */
const OUTAGE_MS = 13_000;
const HEARTBEAT_MS = 1_000;

const clean: (() => Promise<unknown>)[] = [];

async function cleanUp(): Promise<void> {
  for (const end of clean.splice(0).reverse()) await end();
}

interface Running {
  readonly cluster: TestCluster;
  readonly watch: Watch;
  readonly everybody: readonly RoleProcess[];
}

async function startEverything(
  backend: 'process' | 'simulator',
  options: { readonly url?: string; readonly flags?: readonly string[] } = {},
): Promise<Running> {
  const { url, flags = [] } = options;
  const cluster = await startCluster({ heartbeatMs: HEARTBEAT_MS, ...(url !== undefined && { url }) });
  clean.push(() => cluster.stop());
  const control = Object.values(await cluster.startControl(2, ...flags)).flat();
  const agents = await Promise.all(['one', 'two'].map((name) => cluster.startAgent(name, { backend })));
  const watch = await cluster.watch();
  await watch.until('both nodes', areReady(2));
  return { cluster, watch, everybody: [...control, ...agents] };
}

/** Nobody has ended, nor said that something can't be. */
async function expectHealth({ cluster, everybody }: Running): Promise<void> {
  const endings = await Promise.all(
    everybody.map(({ ended }) => Promise.race([ended, Promise.resolve('running')])),
  );
  expect(endings).toEqual(everybody.map(() => 'running'));
  expect(everybody.flatMap(({ log }) => log.filter(({ level }) => level >= 50))).toEqual([]);
  expect(await cluster.print('doctor')).not.toMatch(/^fail/m);
}

const sleeper = { image: 'process', command: ['sleep', '600'], restart: { delay: 0 }, stopGracePeriod: '1s' };
const pidsOf = (tasks: readonly { readonly runId: string }[]) => tasks.map(({ runId }) => Number(runId));
const isAlive = (pid: number) => process.kill(pid, 0);

describe('one nats-server', () => {
  let running: Running;

  beforeAll(async () => {
    running = await startEverything('process');
  });

  afterAll(cleanUp);

  it('killed and started again at once is hardly missed', async () => {
    const { cluster, watch } = running;
    await cluster.intend(watch, 'create', 'web', { ...sleeper, replicas: 3 });
    const pids = pidsOf(await watch.until('three tasks', hasConverged('web', 3)));
    await cluster.nats.kill();
    await cluster.nats.restart();
    await cluster.intend(watch, 'scale', 'web', { replicas: 5 });
    const after = pidsOf(await watch.until('five tasks', hasConverged('web', 5)));
    expect(after.slice(0, 3)).toEqual(pids);
    await expectHealth(running);
  });

  it('may stay away: workloads go on, and what happened to them is reported afterwards', async () => {
    const { cluster, watch } = running;
    await cluster.intend(watch, 'create', 'other', { ...sleeper, replicas: 3 });
    const before = await watch.until('three tasks', hasConverged('other', 3));
    const [killed, ...spared] = before;
    await cluster.nats.kill();
    const downAt = watch.state.head;
    process.kill(Number(killed!.runId), 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    expect(pidsOf(spared).every(isAlive)).toBe(true);
    await cluster.nats.restart();

    const report = await watch.until('the report', () =>
      watch
        .events('tasks.reported')
        .flatMap(({ seq, event }) => event.statuses.map((status) => ({ seq, ...status })))
        .find(({ id, state }) => id === killed!.id && state === 'failed'),
    );
    expect(report).toMatchObject({ exitCode: 137 });
    expect(report.seq).toBeGreaterThan(downAt);
    const after = await watch.until('three tasks again', (seen) => {
      const tasks = hasConverged('other', 3)(seen);
      return tasks?.every(({ id }) => id !== killed!.id) && tasks;
    });
    expect(pidsOf(after).filter((pid) => pidsOf(spared).includes(pid))).toHaveLength(2);
    // Silence of everybody at once says something about the server, not about the nodes.
    expect(watch.events('node.status_changed').map(({ event }) => event.status)).toEqual(['ready', 'ready']);
    await expectHealth(running);
  });
});

describe('three nats-servers', () => {
  afterAll(cleanUp);

  it('lose the leader of the log, and the cluster goes on with the other two', async () => {
    const servers = await startNatsCluster({ size: 3 });
    clean.push(() => servers.stop());
    const running = await startEverything('simulator', {
      url: servers.url,
      flags: ['--stream-replicas', '3'],
    });
    const { cluster, watch } = running;
    await cluster.intend(watch, 'apply', 'web', { image: 'web', replicas: 3 });
    await watch.until('three tasks', hasConverged('web', 3));

    const leader = (await servers.leaderOf('MUSTER_LOG'))!;
    await servers.servers[leader]!.kill();
    await untilStored(() => cluster.intend(watch, 'apply', 'web', { image: 'web', replicas: 6 }));
    await watch.until('six tasks', hasConverged('web', 6));
    await servers.restart(leader);
    await cluster.intend(watch, 'apply', 'other', { image: 'other', replicas: 2 });
    await watch.until('another service', hasConverged('other', 2));
    await expectHealth(running);
    expect(await countReplicas(servers.url)).toBe(3);
  });
});

async function countReplicas(url: string): Promise<number> {
  const nc = await connectNats(url, { name: 'test' });
  const answer = await nc.request('$JS.API.STREAM.INFO.MUSTER_LOG');
  await nc.close();
  return answer.json<{ config: { num_replicas: number } }>().config.num_replicas;
}
