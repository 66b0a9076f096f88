// Something that everybody has understood, and acted on, is declared void: all agree on what is left, and the cluster becomes
// again what was asked of it, agents and all.
import { composeEvent, type EventDraft } from '@muster/events';
import { createCluster, perfectNetwork, type SimulatedCluster } from '@muster/simulation';
import { hashState, sumOfRecord } from '@muster/state';
import { foldAll } from '@muster/testing';
import { expect, it } from 'vitest';

async function forge(cluster: SimulatedCluster, draft: EventDraft): Promise<number> {
  const { subject, data } = composeEvent(draft, cluster.clock.now());
  await cluster.publish(subject, data);
  return cluster.network.log.records.findLast((record) => record.data === data)!.seq;
}

async function declareVoid(cluster: SimulatedCluster, forged: number): Promise<void> {
  const { subject, data } = cluster.network.log.records[forged - 1]!;
  await forge(cluster, {
    type: 'record.voided',
    cause: forged,
    actor: 'ana',
    record: forged,
    subject,
    sum: sumOfRecord({ data }),
    reason: 'forged',
  });
}

async function begin() {
  const cluster = createCluster({ seed: 3, nodes: 3, copies: 2 });
  cluster.network.faults = { ...perfectNetwork, latencyMs: 5 };
  await cluster.start();
  await cluster.intend('create', 'web', { image: 'x', replicas: 4 });
  await cluster.run(10_000);
  expect(cluster.unfinished()).toEqual([]);
  return cluster;
}

/** No orchestrator is there, and an intent waits for one. */
async function silence(cluster: SimulatedCluster) {
  const orchestrators = cluster.reducers.filter(({ role }) => role === 'orchestrator');
  for (const seat of orchestrators) cluster.kill(seat);
  await cluster.intend('scale', 'web', { replicas: 4 });
  await cluster.run(50);
  return orchestrators;
}

function describeTasks({ observer }: SimulatedCluster): string[] {
  return [...observer.state.tasks.values()].map(
    ({ id, desired, node }) => `${id} ${desired} ${node?.status}`,
  );
}

const forgeries: Readonly<Record<string, (cluster: SimulatedCluster) => EventDraft>> = {
  /** Of whoever was asked for something else, and is not there to say so. */
  'a removal': ({ observer: { state } }) => {
    const [serviceId] = state.services.keys();
    const [cause] = state.intents.keys();
    return { type: 'service.removed', cause: cause!, serviceId: serviceId!, actor: 'eve' };
  },
  'the end of all tasks': ({ observer: { state } }) => {
    const [service] = state.services.values();
    const desired = [...service!.tasks.keys()].map((id) => ({ id, state: 'shutdown' as const }));
    const { id: serviceId, version } = service!;
    const facts = { serviceId, specVersion: version.seq, created: [], desired, reaped: [], why: [] };
    return { type: 'service.reconciled', cause: 1, ...facts };
  },
};

it.each(Object.keys(forgeries))('%s', async (name) => {
  const cluster = await begin();
  const { network, observer } = cluster;
  const before = describeTasks(cluster);
  const orchestrators = await silence(cluster);
  const forged = await forge(cluster, forgeries[name]!(cluster));
  await cluster.run(20);
  expect(describeTasks(cluster)).not.toEqual(before);
  await cluster.run(20_000);
  await declareVoid(cluster, forged);
  for (const seat of orchestrators) void seat.start();
  await cluster.run(60_000);
  expect(cluster.unfinished()).toEqual([]);
  expect(observer.state.serviceByName.get('', 'web')).toBeDefined();
  const hash = hashState(foldAll(network.log.records));
  expect(hashState(observer.state)).toBe(hash);
  for (const { name: copy, follower } of cluster.reducers)
    expect(hashState(follower!.state), copy).toBe(hash);
});

it('stops nothing that is to run after all, where the agents were away', async () => {
  const cluster = await begin();
  const { nodes, observer } = cluster;
  const orchestrators = await silence(cluster);
  for (const node of nodes) cluster.kill(node);
  const before = describeTasks(cluster);
  const forged = await forge(cluster, forgeries['a removal']!(cluster));
  await cluster.run(1_000);
  expect(describeTasks(cluster)).not.toEqual(before);
  await declareVoid(cluster, forged);
  await cluster.run(1_000);
  for (const seat of [...nodes, ...orchestrators]) void seat.start();
  await cluster.run(60_000);
  expect(cluster.unfinished()).toEqual([]);
  expect([...observer.state.tasks.values()].map(({ generation }) => generation)).toEqual([1, 1, 1, 1]);
});
