// Copies that nothing happens to don't get into each other's way.
import { encodeJson, intentSubject } from '@muster/events';
import { createCluster, perfectNetwork } from '@muster/simulation';
import { expect, it } from 'vitest';

const SERVICES = 300;

it.each([2, 3])('lets %i copies share a flood of services, with hardly a conflict', async (copies) => {
  const cluster = createCluster({ seed: 1, nodes: 10, copies, wire: 1 });
  cluster.network.faults = { ...perfectNetwork, latencyMs: 4 };
  await cluster.start();
  const user = cluster.network.log.client('user');
  for (let index = 0; index < SERVICES; index += 1) {
    const body = encodeJson({ image: 'x', replicas: 2 });
    void user.append(intentSubject('ana', 'service', 'apply', `s${index}`), body);
  }
  for (let second = 0; second < 30; second += 1) await cluster.run(1000);
  expect(cluster.unfinished()).toEqual([]);
  // Schedulers meet on nodes, of which there are few here; whatever else copies decide is about one thing.
  // One at the start, before the copies have heard of one another, is nothing.
  for (const { name, role, stats } of cluster.reducers)
    if (role !== 'scheduler') expect(stats!.conflicts, name).toBeLessThanOrEqual(allowedOf(stats!.decisions));
});

/** They begin at once, before they have heard of each other: one may be met there. */
function allowedOf(decisions: number): number {
  return Math.max(1, 0.02 * decisions);
}
