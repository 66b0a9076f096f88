// Streams that somebody deletes under a cluster that runs: what can be derived is made again by itself, at once; the log,
// which can't, is never made again empty while somebody knows what it held.
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMANDS_STREAM, ENDPOINTS_STREAM, LOG_STREAM, SNAPSHOTS_STREAM } from '@muster/log';
import { connectNats } from '@muster/runtime';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type ControlRole, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

interface Running {
  readonly cluster: TestCluster;
  readonly watch: Watch;
  readonly control: Record<ControlRole, RoleProcess[]>;
  readonly everybody: readonly RoleProcess[];
  readonly ask: (request: string) => Promise<Answer>;
}

interface Answer {
  readonly error?: { readonly description: string };
  readonly config?: Record<string, unknown>;
  readonly consumers?: readonly string[];
  readonly state?: { readonly messages: number };
}

async function startEverything(): Promise<Running> {
  const cluster = await startCluster({ heartbeatMs: 1_000 });
  const control = await cluster.startControl(2);
  const agents = await Promise.all(
    ['one', 'two'].map((name) => cluster.startAgent(name, { backend: 'simulator' })),
  );
  const watch = await cluster.watch();
  await watch.until('both nodes', areReady(2));
  const ask = async (request: string) => {
    const nc = await connectNats(cluster.url, { name: 'test', waitMs: 10_000 });
    try {
      return (await nc.request(`$JS.API.${request}`)).json() as Answer;
    } finally {
      await nc.close();
    }
  };
  return { cluster, watch, control, everybody: [...Object.values(control).flat(), ...agents], ask };
}

let running: Running;

beforeAll(async () => {
  running = await startEverything();
});

afterAll(() => running?.cluster.stop());

async function expectNobodyEnded({ everybody }: Running): Promise<void> {
  const endings = await Promise.all(
    everybody.map(({ role, ended }) => Promise.race([ended.then(() => role), Promise.resolve('runs')])),
  );
  expect(endings).toEqual(everybody.map(() => 'runs'));
}

const within = async <T>(limitMs: number, work: () => Promise<T>): Promise<T> => {
  const startedAt = performance.now();
  const result = await work();
  expect(performance.now() - startedAt).toBeLessThan(limitMs);
  return result;
};

it('commands that are gone are made again, as they were, and agents obey them', async () => {
  const { cluster, watch, ask } = running;
  await cluster.intend(watch, 'create', 'web', { image: 'web', replicas: 4 });
  await watch.until('four tasks', hasConverged('web', 4));
  const { config } = await ask(`STREAM.INFO.${COMMANDS_STREAM}`);

  for (const replicas of [7, 2]) {
    await ask(`STREAM.DELETE.${COMMANDS_STREAM}`);
    await within(4_000, async () => {
      await cluster.intend(watch, 'scale', 'web', { replicas });
      await watch.until(`${replicas} tasks`, hasConverged('web', replicas));
    });
  }
  expect((await ask(`STREAM.INFO.${COMMANDS_STREAM}`)).config).toEqual(config);
  await expectNobodyEnded(running);
  expect(await cluster.print('doctor')).not.toMatch(/^fail/m);
});

it('snapshots and consumers that are gone are made again', async () => {
  const { cluster, watch, ask } = running;
  const orchestrator = await cluster.start('orchestrator', '--snapshot-every', '20');
  await ask(`STREAM.DELETE.${SNAPSHOTS_STREAM}`);
  for (const stream of [LOG_STREAM, COMMANDS_STREAM]) {
    const { consumers = [] } = await ask(`CONSUMER.NAMES.${stream}`);
    expect(consumers.length).toBeGreaterThan(0);
    await Promise.all(consumers.map((name) => ask(`CONSUMER.DELETE.${stream}.${name}`)));
  }
  await within(10_000, async () => {
    await cluster.intend(watch, 'create', 'other', { image: 'other', replicas: 9 });
    await watch.until('nine tasks', hasConverged('other', 9));
  });
  for (let round = 0; round < 30; round += 1)
    await cluster.intend(watch, 'scale', 'other', { replicas: 1 + (round % 4) });
  await vi.waitFor(
    async () => expect((await ask(`STREAM.INFO.${SNAPSHOTS_STREAM}`)).state?.messages).toBeGreaterThan(0),
    { timeout: 10_000, interval: 100 },
  );
  await expectNobodyEnded(running);
  expect(orchestrator.log.filter(({ level }) => level >= 40)).toEqual([]);
});

// Last: nothing is left of what was watched.
it('a log that is gone is never made anew while anything is left of it, and found again when it is back', async () => {
  const { cluster, watch, ask, everybody, control } = running;
  await cluster.intend(watch, 'scale', 'web', { replicas: 4 });
  await watch.until('four tasks', hasConverged('web', 4));
  await watch.stop();
  const [store, kept] = ['nats', 'kept'].map((name) => join(cluster.dir, name)) as [string, string];
  const whileStopped = async (action: () => Promise<void>) => {
    await cluster.nats.kill();
    await action();
    await cluster.nats.restart();
  };
  await whileStopped(() => cp(store, kept, { recursive: true }));

  for (const stream of [LOG_STREAM, COMMANDS_STREAM, ENDPOINTS_STREAM, SNAPSHOTS_STREAM]) {
    await ask(`STREAM.DELETE.${stream}`);
    const late = await cluster.run(['scheduler']);
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('the log is gone') });
    expect(late.stderr).toMatch(/nats stream restore/);
    expect(late.stderr).not.toMatch(/\n\s+at /);
    expect((await ask(`STREAM.INFO.${LOG_STREAM}`)).error?.description).toBe('stream not found');
  }
  await vi.waitFor(
    () => {
      for (const { log } of Object.values(control).flat())
        expect(log.map(({ msg }) => msg)).toContainEqual(expect.stringContaining('the log is gone'));
    },
    { timeout: 15_000, interval: 100 },
  );
  expect((await cluster.run(['doctor'])).stdout).toMatch(/there is no MUSTER_LOG/);
  await expectNobodyEnded(running);

  await whileStopped(async () => {
    await rm(store, { recursive: true });
    await cp(kept, store, { recursive: true });
  });
  const after = await cluster.watch({ strict: false });
  await cluster.intend(after, 'scale', 'web', { replicas: 6 });
  await after.until('six tasks', hasConverged('web', 6));
  await expectNobodyEnded(running);
  expect(everybody.length).toBeGreaterThan(10);
});
