// Copies that nothing happens to don't get into each other's way.
import { encodeJson, intentSubject } from '@muster/events';
import { createCluster, perfectNetwork } from '@muster/simulation';
import { expect, it } from 'vitest';

const SERVICES = 300;

it.each([2, 3])('lets %i copies share a flood of services, with hardly a conflict', async (copies) => {
  const cluster = createCluster({ seed: 1, nodes: 20, copies });
  cluster.network.faults = { ...perfectNetwork, latencyMs: 4 };
  await cluster.start();
  // Those that start at the same moment don't know of each other yet.
  const before = new Map(cluster.reducers.map(({ name, stats }) => [name, { ...stats! }]));
  const user = cluster.network.log.client('user');
  for (let index = 0; index < SERVICES; index += 1) {
    const body = encodeJson({ image: 'x', replicas: 2 });
    void user.append(intentSubject('ana', 'service', 'apply', `s${index}`), body);
  }
  for (let second = 0; second < 30; second += 1) await cluster.run(1000);
  expect(cluster.unfinished()).toEqual([]);
  for (const { name, role, stats } of cluster.reducers) {
    const decisions = stats!.decisions - before.get(name)!.decisions;
    const conflicts = stats!.conflicts - before.get(name)!.conflicts;
    // Schedulers may meet on a node of another's part that is emptier than all of their own.
    const share = role === 'scheduler' ? 0.25 : 0.02;
    const appends = decisions + conflicts;
    expect(conflicts, `${name}, ${appends} appends`).toBeLessThanOrEqual(Math.max(1, share * appends));
  }
});
