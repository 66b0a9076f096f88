// Many simulated nodes in one process are nodes like others; started again, they are the same nodes, and have lost what
// ran on them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const NODES = 300;
const REPLICAS = 900;

let cluster: TestCluster;
let watch: Watch;

const startNodes = () =>
  cluster.startAgent('many', { backend: 'simulator', args: ['--count', String(NODES)] });

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.startControl(1);
  watch = await cluster.watch();
});

afterAll(() => cluster?.stop());

it('run in one process, and the same ones run in the next', { timeout: 90_000 }, async () => {
  const first = await startNodes();
  await watch.until('the nodes', areReady(NODES));
  expect(new Set([...watch.state.nodes.values()].map(({ description }) => description.hostname)).size).toBe(
    NODES,
  );
  await cluster.intend(watch, 'create', 'web', { image: 'web', replicas: REPLICAS, restart: { delay: 0 } });
  await watch.until('its tasks', hasConverged('web', REPLICAS), 60_000);
  const nodeIds = [...watch.state.nodes.keys()].sort();
  expect([...watch.state.nodes.values()].every(({ tasks }) => tasks.size === REPLICAS / NODES)).toBe(true);

  await first.kill();
  const at = watch.state.head;
  const second = await startNodes();
  await watch.until('their failures', () => {
    const failed = watch
      .events('tasks.reported')
      .filter(({ seq }) => seq > at)
      .flatMap(({ event }) => event.statuses.filter(({ state }) => state === 'failed'));
    return failed.length >= REPLICAS;
  });
  await watch.until('its tasks again', hasConverged('web', REPLICAS), 60_000);
  expect([...watch.state.nodes.keys()].sort()).toEqual(nodeIds);
  // By itself: what is scheduled for later does not hold the process up.
  expect(await second.stop()).toEqual({ code: 0, signal: null });
});
