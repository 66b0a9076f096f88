// The life of nodes with containers of a real engine: three of them share it, each with an agent of its own.
import { randomUUID } from 'node:crypto';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged, nodeNamed } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const docker = new Docker();
const clusterName = `nodes-${randomUUID()}`;

let cluster: TestCluster;
let watch: Watch;
const agents: Record<string, RoleProcess> = {};

async function startNode(name: string): Promise<void> {
  agents[name] = await cluster.startAgent(name, { backend: 'docker', args: ['--cluster', clusterName] });
}

/** Hostnames of the nodes whose containers run, dead ones left out. */
async function listRunning(service: string): Promise<string[]> {
  const label = [`muster.cluster=${clusterName}`, `com.docker.swarm.service.name=${service}`];
  const containers = await docker.listContainers({ filters: { label } });
  const names = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => [await cluster.nodeId(name), name] as const),
  );
  const nameById = new Map(names);
  return containers.map(({ Labels }) => nameById.get(Labels['com.docker.swarm.node.id']!)!).sort();
}

/** Once the log and the engine agree. */
async function runsOn(service: string, replicas: number): Promise<string[]> {
  const tasks = await watch.until(`${replicas} of ${service}`, hasConverged(service, replicas));
  const nodes = tasks.map(({ node }) => node!.description.hostname).sort();
  await expect.poll(() => listRunning(service), { timeout: 30_000 }).toEqual(nodes);
  return nodes;
}

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.startControl(1);
  await Promise.all(['one', 'two', 'three'].map(startNode));
  watch = await cluster.watch();
  await watch.until('three nodes that read version 2', (seen) => {
    return areReady(3)(seen) && seen.state.wireVersion >= 2;
  });
});

afterAll(async () => {
  await cluster?.stop();
  const ours = { all: true, filters: { label: [`muster.cluster=${clusterName}`] } };
  for (const { Id } of await docker.listContainers(ours))
    await docker.getContainer(Id).remove({ force: true });
});

const spec = { image: 'muster/demo:1', restart: { delay: 0 } };

it('moves the containers of a node that is drained, and brings none back when it is active again', async () => {
  await cluster.intend(watch, 'apply', 'web', { ...spec, replicas: 3 });
  expect(await runsOn('web', 3)).toEqual(['one', 'three', 'two']);
  await cluster.print('node', 'update', '--availability', 'drain', 'two');
  await watch.until('two is empty', () => nodeNamed(watch, 'two')?.activeTasks === 0);
  const moved = await runsOn('web', 3);
  expect(moved).not.toContain('two');
  await cluster.print('node', 'update', '--availability', 'active', 'two');
  expect(await runsOn('web', 3)).toEqual(moved);
});

it('gives a paused node no more, and takes nothing from it', async () => {
  await cluster.print('node', 'update', '--availability', 'pause', 'one', 'three');
  await cluster.intend(watch, 'scale', 'web', { replicas: 5 });
  expect(await runsOn('web', 5)).toEqual(expect.arrayContaining(['one', 'three', 'two', 'two']));
  expect((await runsOn('web', 5)).filter((name) => name === 'two')).toHaveLength(2);
  await cluster.print('node', 'update', '--availability', 'active', 'one', 'three');
});

it('moves what may no longer be where it is', async () => {
  await cluster.print('node', 'update', '--label-add', 'disk=ssd', 'one', 'two');
  const placement = ['node.labels.disk==ssd', 'node.hostname!=three'];
  await cluster.intend(watch, 'apply', 'db', { ...spec, replicas: 1, placement });
  const [first] = await runsOn('db', 1);
  await cluster.print('node', 'update', '--label-rm', 'disk', first!);
  await watch.until('the other has it', (seen) => {
    const [task] = hasConverged('db', 1)(seen) ?? [];
    return task !== undefined && task.node!.description.hostname !== first;
  });
  expect(await runsOn('db', 1)).toEqual([first === 'one' ? 'two' : 'one']);
});

it('removes a node that is up by force alone, and its agent ends what it ran', async () => {
  const refused = await cluster.run(['node', 'rm', 'three']);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is not down and can't be removed"),
  });
  expect(await cluster.print('node', 'rm', '--force', 'three')).toBe('three\n');
  expect(await runsOn('web', 5)).not.toContain('three');
  await agents.three!.stop();
  await startNode('three');
  await watch.until('it is a new node', () => nodeNamed(watch, 'three')?.status === 'ready');
  await cluster.intend(watch, 'scale', 'web', { replicas: 7 });
  expect(await runsOn('web', 7)).toContain('three');
});
