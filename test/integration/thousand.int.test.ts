// One decision is one message, however many tasks it is about.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, hasConverged, isGone } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const NODES = 10;
const REPLICAS = 1_000;

let cluster: TestCluster;
let watch: Watch;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.start('up', '--nodes', String(NODES), '--copies', '2', '--backend', 'simulator');
  watch = await cluster.watch();
  await watch.until('the nodes', areReady(NODES));
});

afterAll(() => cluster?.stop());

it('creates a thousand tasks with one event, and gives them to ten nodes with ten', async () => {
  await cluster.intend(watch, 'create', 'many', { image: 'many', replicas: REPLICAS });
  await watch.until('a thousand tasks', hasConverged('many', REPLICAS), 60_000);
  const [created, ...more] = watch
    .events('service.reconciled')
    .filter(({ event }) => event.created.length > 0);
  expect(created!.event.created).toHaveLength(REPLICAS);
  expect(more).toEqual([]);
  const assigned = watch.events('tasks.assigned').map(({ event }) => event);
  expect(assigned.map(({ tasks }) => tasks.length)).toEqual(Array(NODES).fill(REPLICAS / NODES));
  expect(new Set(assigned.map(({ nodeId }) => nodeId)).size).toBe(NODES);
  // Agents report in batches, too.
  expect(watch.events('tasks.reported').length).toBeLessThan(REPLICAS / 5);
});

it('removes them with one, and forgets them with few', async () => {
  const at = watch.state.head;
  await cluster.intend(watch, 'remove', 'many');
  await watch.until('the end of it', isGone('many'), 60_000);
  const decisions = watch.facts
    .slice(at)
    .filter(({ subject }) => subject.startsWith('muster.event.orchestrator.'));
  expect(decisions.length).toBeLessThan(REPLICAS / 10);
  expect(watch.state.head - at).toBeLessThan(REPLICAS / 5);
});
