// Many tasks on one network, allocated by copies that share the work: how often they meet. MUSTER_TASKS=10000 tries it at the
// size that docs/adr/0038 speaks of.
import { createCluster, perfectNetwork } from '@muster/simulation';
import { expect, it } from 'vitest';

const TASKS = Number(process.env.MUSTER_TASKS ?? 1_000);
const SERVICES = 20;

it('copies give addresses to many tasks of one network, and hardly meet', async () => {
  const nodes = TASKS / 100;
  const cluster = createCluster({ seed: 1, nodes, copies: 3 });
  cluster.network.faults = { ...perfectNetwork, latencyMs: 4 };
  await cluster.start();
  // Nodes get their numbers as soon as the cluster's version lets them, when copies have hardly heard of one another.
  await cluster.run(5_000);
  const before = count();
  await cluster.intendNetwork('create', 'wide', { ipam: { configs: [{ subnet: '10.9.0.0/16' }] } });
  for (let index = 0; index < SERVICES; index += 1)
    await cluster.intend('apply', `s${index}`, {
      image: 'x',
      replicas: TASKS / SERVICES,
      networks: ['wide'],
    });
  for (let second = 0; second < 60 && cluster.unfinished().length > 0; second += 1) await cluster.run(1000);
  expect(cluster.unfinished()).toEqual([]);
  const { state } = cluster.observer;
  const [network] = state.networks.values();
  const [space] = network!.spaces;
  const decisions = count().decisions - before.decisions;
  const refused = count().refused - before.refused;
  const routes = [...state.nodes.keys()].map((id) => space!.blocksOf(id).length);
  const found = `${decisions} decisions, ${refused} refused, ${state.conflicts} void, at most ${Math.max(...routes)} blocks on a node`;
  if (process.env.MUSTER_TASKS) process.stdout.write(`${found}\n`);
  expect(space!.heldByTasks).toBe(TASKS);
  expect(state.conflicts, found).toBe(0);
  expect(refused, found).toBeLessThanOrEqual(Math.max(2, 0.02 * decisions));
  expect(Math.max(...routes), found).toBeLessThanOrEqual(2);

  function count() {
    const allocators = cluster.reducers.filter(({ role }) => role === 'allocator');
    return {
      decisions: allocators.reduce((sum, { stats }) => sum + stats!.decisions, 0),
      refused: allocators.reduce((sum, { stats }) => sum + stats!.conflicts, 0),
    };
  }
});
