// A global service as containers of a real engine: on every node that is to have it, whenever that comes, and on no other.
import { randomUUID } from 'node:crypto';
import { TaskState } from '@muster/model';
import { isLive } from '@muster/state';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const docker = new Docker();
const clusterName = `e2e-${randomUUID()}`;
const RAISE_TIMEOUT_MS = 60_000;

let cluster: TestCluster;
let watch: Watch;

function startNode(name: string) {
  return cluster.startAgent(name, { backend: 'docker', args: ['--cluster', clusterName] });
}

function listOurs(): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [`muster.cluster=${clusterName}`] } });
}

/** By the names of their nodes: the ids of the tasks that run, and are to. */
function running(service: string): Record<string, string> {
  const tasks = [...(watch.state.serviceByName.get('', service)?.tasks.values() ?? [])];
  const there = tasks.filter((task) => task.observed === TaskState.RUNNING && isLive(task));
  return Object.fromEntries(
    there.map(({ node, id }) => [node!.description.hostname, id]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
  );
}

/** So say the log, and the engine. */
async function untilOn(service: string, ...names: string[]): Promise<Record<string, string>> {
  const want = [...names].sort().join();
  await watch.until(`${service} on ${want}`, () => Object.keys(running(service)).join() === want, 60_000);
  const onEngine = async () => {
    const containers = (await listOurs()).filter(({ State }) => State === 'running');
    return containers
      .map(({ Names }) => Names[0]!)
      .filter((name) => name.startsWith(`/${service}.`))
      .sort();
  };
  const expected = await Promise.all(
    Object.entries(running(service)).map(
      async ([name, id]) => `/${service}.${await cluster.nodeId(name)}.${id}`,
    ),
  );
  await expect.poll(onEngine, { timeout: 20_000 }).toEqual(expected.sort());
  return running(service);
}

const create = ['service', 'create', '--mode', 'global', '--restart-delay', '0s', '--stable-for', '0s'];
const updateNode = (name: string, body: object) =>
  cluster.print('pub', `node.update.${name}`, JSON.stringify(body));

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.startControl(2);
  await Promise.all(['one', 'two'].map(startNode));
  watch = await cluster.watch();
  await watch.until('two nodes', areReady(2));
  await watch.until('global services', ({ state }) => state.wireVersion >= 2, RAISE_TIMEOUT_MS);
}, RAISE_TIMEOUT_MS + 30_000);

afterAll(async () => {
  await cluster?.stop();
  for (const { Id } of await listOurs()) await docker.getContainer(Id).remove({ force: true });
});

it('runs on every node, and says so as Docker does', async () => {
  const created = await cluster.run([...create, '--name', 'log', 'muster/demo:1']);
  expect(created).toMatchObject({ code: 0, stderr: expect.stringContaining('2 out of 2 tasks') });
  const tasks = await untilOn('log', 'one', 'two');
  expect(await cluster.print('service', 'ls')).toMatch(/ log +global +2\/2 +muster\/demo:1/);
  const id = await cluster.nodeId('one');
  expect(await cluster.print('service', 'ps', '--no-trunc', 'log')).toContain(` log.${id} `);
  const [inspected] = JSON.parse(await cluster.print('task', 'inspect', `log.${id}`));
  expect(inspected).toMatchObject({ ID: tasks.one, NodeID: id });
  expect(inspected).not.toHaveProperty('Slot');
  expect(await cluster.print('audit', `log.${id}`)).toContain(`gave log.${id} to node one`);
});

it('is not scaled, nor given replicas', async () => {
  const scaled = await cluster.run(['service', 'scale', 'log=3']);
  expect(scaled).toMatchObject({ code: 1, stderr: expect.stringContaining('scale can only be used with') });
  const updated = await cluster.run(['service', 'update', '--replicas', '3', 'log']);
  expect(updated.code).not.toBe(0);
  expect(updated.stderr).toContain('replicas can only be used with replicated mode');
});

it('comes to a node that joins, and stays in its place when a container is killed', async () => {
  await startNode('three');
  const before = await untilOn('log', 'one', 'two', 'three');
  const killed = watch.state.tasks.get(before.one!)!;
  await docker.getContainer(killed.runId).kill();
  await watch.until('another on one', () => (running('log').one ?? before.one) !== before.one, 60_000);
  const after = await untilOn('log', 'one', 'two', 'three');
  expect(after).toMatchObject({ two: before.two, three: before.three });
  expect(await cluster.print('service', 'ls')).toMatch(/ log +global +3\/3 /);
});

it('leaves a node that is drained, and comes back', async () => {
  await updateNode('two', { availability: 'drain' });
  await untilOn('log', 'one', 'three');
  expect(await cluster.print('service', 'ls')).toMatch(/ log +global +2\/2 /);
  await updateNode('two', { availability: 'active' });
  await untilOn('log', 'one', 'two', 'three');
});

it('goes where its constraints let it, as labels come and go', async () => {
  await updateNode('one', { addLabels: { edge: 'yes' } });
  await cluster.print(...create, '--name', 'edge', '--constraint', 'node.labels.edge==yes', 'muster/demo:1');
  await untilOn('edge', 'one');
  await updateNode('three', { addLabels: { edge: 'yes' } });
  await untilOn('edge', 'one', 'three');
  await updateNode('one', { removeLabels: ['edge'] });
  await untilOn('edge', 'three');
  await cluster.print('service', 'rm', 'edge');
});

it('is updated node by node, and removed from all', async () => {
  await cluster.print('service', 'update', '--image', 'muster/demo:2', '--stable-for', '0s', 'log');
  const tasks = await untilOn('log', 'one', 'two', 'three');
  for (const id of Object.values(tasks))
    expect(watch.state.tasks.get(id)!.version.spec.containerSpec.image).toBe('muster/demo:2');
  await cluster.print('service', 'rm', 'log');
  await expect.poll(listOurs, { timeout: 20_000 }).toEqual([]);
});
