// The life of nodes, as an operator sees it: drained, paused, relabelled, promoted, removed; and their agents.
import { type NatsServerProcess, startNatsServer } from '@muster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged, nodeNamed } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let server: NatsServerProcess;
let cluster: TestCluster;
let watch: Watch;
const agents: Record<string, RoleProcess> = {};

const as = (name: string) => server.url.replace('://', `://${name}:${name}@`);

beforeAll(async () => {
  server = await startNatsServer({
    extraConfig: `authorization { users: [
      { user: root, password: root }
      { user: narrow, password: narrow, permissions: {
        publish: ["muster.intent.>", "muster.query.>"], subscribe: ["_INBOX.>"] } }
    ] }`,
  });
  cluster = await startCluster({ url: as('root'), heartbeatMs: 1000 });
  await cluster.startControl(1);
  for (const name of ['one', 'two', 'three']) agents[name] = await start(name);
  watch = await cluster.watch();
  await watch.until('three nodes that read version 2', (seen) => {
    return areReady(3)(seen) && seen.state.wireVersion >= 2;
  });
});

afterAll(async () => {
  await cluster?.stop();
  await server?.stop();
});

const start = (name: string) => cluster.startAgent(name, { backend: 'simulator' });
const node = (name: string) => nodeNamed(watch, name)!;

/** The nodes of the tasks of a service, once so many run. */
async function nodesOf(service: string, replicas: number): Promise<string[]> {
  const tasks = await watch.until(`${replicas} tasks`, hasConverged(service, replicas));
  return tasks.map((task) => task.node!.description.hostname).sort();
}

it('drains a node, whose tasks go elsewhere, and to which none comes back', async () => {
  await cluster.print(
    'service',
    'create',
    '-d',
    '--name',
    'web',
    '--replicas',
    '3',
    '--restart-delay',
    '0s',
    'x',
  );
  expect(await nodesOf('web', 3)).toEqual(['one', 'three', 'two']);
  expect(await cluster.print('node', 'update', '--availability', 'drain', 'two')).toBe('two\n');
  await watch.until('none is on two', () => node('two').activeTasks === 0);
  expect(await nodesOf('web', 3)).not.toContain('two');
  expect(await cluster.print('node', 'ls', '--format', '{{.Hostname}} {{.Availability}}')).toContain(
    'two Drain\n',
  );
  expect(await cluster.print('audit', 'web')).toContain('is on node two that is drained; replaced');
  expect(await cluster.print('audit', 'two')).toMatch(/asked to update node \w+ \(availability drain\)/);
  expect((await cluster.run(['doctor'])).stdout).toContain('3 of 3 ready, 1 drained');
  await cluster.print('node', 'update', '--availability', 'active', 'two');
  await cluster.print('service', 'scale', 'web=4');
  expect(await nodesOf('web', 4)).toContain('two');
});

it('pauses a node, which keeps what it has and gets no more', async () => {
  await cluster.print('node', 'update', '--availability', 'pause', 'one', 'three');
  const before = await nodesOf('web', 4);
  await cluster.print('service', 'scale', 'web=6');
  const after = await nodesOf('web', 6);
  expect(after.filter((name) => name === 'two')).toHaveLength(
    before.filter((name) => name === 'two').length + 2,
  );
  await cluster.print('node', 'update', '--availability', 'active', 'one', 'three');
  await cluster.print('service', 'rm', 'web');
});

it('takes tasks from a node that no longer meets their constraints', async () => {
  const constraints = ['--constraint', 'node.labels.disk==ssd', '--constraint', 'node.role==worker'];
  await cluster.print('node', 'update', '--label-add', 'disk=ssd', 'one');
  await cluster.print(
    'service',
    'create',
    '-d',
    '--name',
    'db',
    ...constraints,
    '--restart-delay',
    '0s',
    'x',
  );
  expect(await nodesOf('db', 1)).toEqual(['one']);
  expect(await cluster.print('node', 'update', '--label-add', 'disk=ssd', 'two')).toBe('two\n');
  await cluster.print('node', 'update', '--label-rm', 'disk', 'one');
  expect(await nodesOf('db', 1)).toEqual(['two']);
});

it('promotes and demotes, which constraints see', async () => {
  expect(await cluster.print('node', 'promote', 'two', 'three')).toBe(
    'Node two promoted to a manager in the swarm.\nNode three promoted to a manager in the swarm.\n',
  );
  await watch.until('it waits', ({ state }) => {
    return state.serviceByName.get('', 'db')?.unschedulable?.message.includes('constraints not satisfied');
  });
  expect(await cluster.print('node', 'promote', 'two')).toBe('Node two is already a manager.\n');
  expect(await cluster.print('node', 'ls', '-f', 'role=manager', '--format', '{{.ManagerStatus}}')).toBe(
    'Reachable\nReachable\n',
  );
  expect(await cluster.print('node', 'demote', 'two', 'three')).toContain(
    'Manager two demoted in the swarm.\n',
  );
  expect(await nodesOf('db', 1)).toEqual(['two']);
  const missing = await cluster.run(['node', 'update', '--label-rm', 'nope', 'two']);
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("key nope doesn't exist in node's labels"),
  });
  expect(JSON.parse(await cluster.print('node', 'inspect', 'two'))[0]).toMatchObject({
    Version: { Index: node('two').specSeq },
    Spec: { Labels: { disk: 'ssd' }, Role: 'worker', Availability: 'active' },
  });
  await cluster.print('service', 'rm', 'db');
});

it('is asked by who may not follow the log as well', async () => {
  const narrow = (...args: string[]) => cluster.run(args, { env: { MUSTER_NATS: as('narrow') } });
  const done = await narrow('node', 'update', '--label-add', 'a=b', 'one');
  expect(done).toMatchObject({ code: 0, stdout: 'one\n' });
  expect(done.stderr).toContain('the API was asked instead');
  const refused = await narrow('node', 'rm', 'one');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain("is not down and can't be removed");
});

it('removes nodes that are down, and others by force, each for itself', async () => {
  await cluster.print(
    'service',
    'create',
    '-d',
    '--name',
    'api',
    '--replicas',
    '3',
    '--restart-delay',
    '0s',
    'x',
  );
  await nodesOf('api', 3);
  await agents.one!.kill();
  await watch.until('one is down', () => node('one').status === 'down');
  const [one, two, three] = [node('one').id, node('two').id, node('three').id];
  const mixed = await cluster.run(['node', 'rm', 'one', 'three', 'nowhere']);
  expect(mixed).toMatchObject({ code: 1, stdout: 'one\n' });
  expect(mixed.stderr).toContain(`node ${three} is not down and can't be removed`);
  expect(mixed.stderr).toContain('no such node: nowhere');
  expect(await cluster.print('node', 'rm', '--force', 'three')).toBe('three\n');
  expect(await nodesOf('api', 3)).toEqual(['two', 'two', 'two']);
  expect(await cluster.print('node', 'ls', '-q')).toBe(`${two}\n`);
  expect(await cluster.print('audit', one)).toContain('node one is removed');

  // Its agent has ended what it ran, says so, and does not come back by itself.
  await expect
    .poll(() => agents.three!.log.some(({ err }) => String(err).includes('was removed from the cluster')), {
      timeout: 60_000,
    })
    .toBe(true);
  expect((await cluster.run(['doctor'])).stdout).toContain(
    `the agent of three on ${(await import('node:os')).hostname()} is still there, though its node ${three} was removed`,
  );
  expect(watch.state.nodes.has(three)).toBe(false);

  // Started again, it is a new node.
  await agents.three!.stop();
  agents.three = await start('three');
  await watch.until('three is back', () => node('three')?.status === 'ready');
  expect(node('three')).toMatchObject({ id: three, spec: { labels: {} }, activeTasks: 0 });
  await cluster.print('service', 'scale', 'api=5');
  expect(await nodesOf('api', 5)).toContain('three');
});
