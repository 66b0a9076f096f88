// A server comes back with an older store: what the log no longer knows does not run on, and what it takes for running is
// there.
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, hasConverged, isGone } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let watch: Watch;

beforeAll(async () => {
  cluster = await startCluster({ heartbeatMs: 500 });
  await cluster.startControl(1);
  await cluster.startAgent('one', { backend: 'process' });
  watch = await cluster.watch();
  await watch.until('a node', areReady(1));
});

afterAll(() => cluster?.stop());

const sleeper = { image: 'process', command: ['sleep', '600'], restart: { delay: 0 }, stopGracePeriod: '1s' };

const isAlive = (pid: string) => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

async function whileStopped(action: () => Promise<void>): Promise<void> {
  await cluster.nats.kill();
  await action();
  await cluster.nats.restart();
}

it('ends what the log has lost, and replaces what it has not', { timeout: 120_000 }, async () => {
  const store = join(cluster.dir, 'nats');
  const kept = join(cluster.dir, 'kept');
  await cluster.intend(watch, 'create', 'early', { ...sleeper, replicas: 2 });
  await watch.until('two tasks', hasConverged('early', 2));
  await whileStopped(() => cp(store, kept, { recursive: true }));
  await cluster.intend(watch, 'create', 'lost', { ...sleeper, replicas: 3 });
  const lost = (await watch.until('three tasks', hasConverged('lost', 3))).map(({ runId }) => runId);
  await cluster.intend(watch, 'remove', 'early');
  await watch.until('the end of the two', isGone('early'));
  await watch.stop();

  await whileStopped(async () => {
    await rm(store, { recursive: true });
    await cp(kept, store, { recursive: true });
  });
  const after = await cluster.watch({ strict: false });
  await expect.poll(() => lost.filter(isAlive), { timeout: 30_000 }).toEqual([]);
  const early = await after.until('two tasks that are there', (seen) => {
    const tasks = hasConverged('early', 2)(seen);
    return tasks?.every(({ runId }) => isAlive(runId)) ? tasks : undefined;
  });
  expect(early).toHaveLength(2);
  expect(after.state.serviceByName.get('', 'lost')).toBeUndefined();
  await after.until('no strays', ({ state }) =>
    [...state.nodes.values()].every(({ strays }) => strays.size === 0),
  );
});
