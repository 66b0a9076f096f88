// Services as containers of a real engine: three nodes share it, as `muster up --nodes 3` has them.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TaskState } from '@muster/model';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged, isGone } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const docker = new Docker();
const clusterName = `e2e-${randomUUID()}`;
const nodeNames = ['one', 'two', 'three'];

let cluster: TestCluster;
let watch: Watch;
const agents: Record<string, RoleProcess> = {};
let stranger: Docker.Container;

async function startNode(name: string): Promise<void> {
  agents[name] = await cluster.startAgent(name, { backend: 'docker', args: ['--cluster', clusterName] });
}

/** Our containers, dead ones too. */
function listOurs(service?: string): Promise<Docker.ContainerInfo[]> {
  const label = [`muster.cluster=${clusterName}`];
  if (service !== undefined) label.push(`com.docker.swarm.service.name=${service}`);
  return docker.listContainers({ all: true, filters: { label } });
}

async function listRunning(service: string): Promise<Docker.ContainerInfo[]> {
  return (await listOurs(service)).filter(({ State }) => State === 'running');
}

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.startControl(2);
  await Promise.all(nodeNames.map(startNode));
  watch = await cluster.watch();
  await watch.until('three nodes', areReady(3));
  // Labelled as a Swarm task, of a node that isn't ours.
  const Labels = { 'com.docker.swarm.task.id': 'stranger', 'com.docker.swarm.node.id': 'elsewhere' };
  stranger = await docker.createContainer({ Image: 'muster/demo:1', Labels });
  await stranger.start();
});

afterAll(async () => {
  await cluster?.stop();
  for (const { Id } of await listOurs()) await docker.getContainer(Id).remove({ force: true });
  await stranger?.remove({ force: true });
});

const spec = { image: 'muster/demo:1', restart: { delay: 0 } };

it('runs a service as containers that tools for Swarm recognise', async () => {
  await cluster.intend(watch, 'apply', 'web', { ...spec, replicas: 3 });
  const tasks = await watch.until('three run', hasConverged('web', 3));
  const containers = await listRunning('web');
  expect(new Set(containers.map(({ Labels }) => Labels['com.docker.swarm.node.id'])).size).toBe(3);
  for (const task of tasks) {
    const container = containers.find(({ Id }) => Id === task.runId);
    expect(container?.Names).toEqual([`/web.${task.slot.number}.${task.id}`]);
    expect(container?.Labels).toMatchObject({
      'com.docker.swarm.service.id': task.service.id,
      'com.docker.swarm.service.name': 'web',
      'com.docker.swarm.task.id': task.id,
      'com.docker.swarm.task.name': `web.${task.slot.number}.${task.id}`,
      'com.docker.swarm.node.id': task.node?.id,
    });
  }
});

it('scales both ways, and leaves no container of what it gave up', async () => {
  await cluster.intend(watch, 'scale', 'web', { replicas: 5 });
  await watch.until('five run', hasConverged('web', 5));
  expect(await listRunning('web')).toHaveLength(5);
  await cluster.intend(watch, 'scale', 'web', { replicas: 2 });
  await watch.until(
    'two are left, and the others forgotten',
    ({ state }) => state.serviceByName.get('', 'web')?.tasks.size === 2,
  );
  await expect.poll(() => listOurs('web'), { timeout: 20_000 }).toHaveLength(2);
});

it('stops what somebody starts again: by a restart, and by a policy of its own', async () => {
  const before = await watch.until('two run', hasConverged('web', 2));
  const [one, two] = before.map(({ runId }) => docker.getContainer(runId));
  await one!.restart();
  await two!.update({ RestartPolicy: { Name: 'always' } });
  await two!.kill();
  const after = await watch.until('others run', (seen) => {
    const tasks = hasConverged('web', 2)(seen);
    return tasks?.some(({ id }) => before.some((known) => known.id === id)) ? undefined : tasks;
  });
  const runIds = after.map(({ runId }) => runId).sort();
  await expect
    .poll(async () => (await listRunning('web')).map(({ Id }) => Id).sort(), { timeout: 20_000 })
    .toEqual(runIds);
});

it('replaces a container that is killed behind its back', async () => {
  const before = await watch.until('two run', hasConverged('web', 2));
  await docker.getContainer(before[0]!.runId).kill();
  const after = await watch.until('another runs', (seen) => {
    const tasks = hasConverged('web', 2)(seen);
    return tasks?.every(({ id }) => id !== before[0]!.id) ? tasks : undefined;
  });
  expect(watch.state.tasks.get(before[0]!.id)).toMatchObject({
    exitCode: 137,
    err: 'task: non-zero exit (137)',
  });
  expect(after.map(({ replaces }) => replaces)).toContain(before[0]!.id);
});

it('updates to another image, one after the other', async () => {
  await cluster.intend(watch, 'apply', 'web', { ...spec, image: 'muster/demo:2', replicas: 2 });
  await watch.until(
    'two run',
    (seen) =>
      hasConverged(
        'web',
        2,
      )(seen)?.every(({ version }) => version.spec.containerSpec.image === 'muster/demo:2'),
    60_000,
  );
  expect((await listRunning('web')).map(({ Image }) => Image)).toEqual(['muster/demo:2', 'muster/demo:2']);
});

it('goes back by itself from an image that fails, and the command says so', async () => {
  await watch.until('updates are watched', ({ state }) => state.wireVersion >= 2, 60_000);
  const updating = ['--image', 'localhost:1/no/such:image', '--update-failure-action', 'rollback'];
  const { code, stderr } = await cluster.run(['service', 'update', ...updating, 'web']);
  expect(stderr).toMatch(
    /service rolled back: update rolled back due to failure or early termination of task \w{25}/,
  );
  expect(code).toBe(1);
  const tasks = await watch.until('two run', hasConverged('web', 2));
  expect(tasks.map(({ version }) => version.spec.containerSpec.image)).toEqual([
    'muster/demo:2',
    'muster/demo:2',
  ]);
  const format = '{{.UpdateStatus.State}}: {{.UpdateStatus.Message}}';
  expect(await cluster.print('service', 'inspect', '--format', format, 'web')).toBe(
    'rollback_completed: rollback completed\n',
  );
});

it('pauses an update that fails, says so, and goes back when told to', async () => {
  const updating = [
    '--entrypoint',
    "sh -c 'exit 3'",
    '--update-failure-action',
    'pause',
    '--update-parallelism',
    '1',
  ];
  const { code, stderr } = await cluster.run(['service', 'update', ...updating, 'web']);
  expect(stderr).toMatch(
    /service update paused: update paused due to failure or early termination of task \w{25}/,
  );
  expect(code).toBe(1);
  expect(await cluster.print('service', 'inspect', '--pretty', 'web')).toMatch(
    /UpdateStatus:\n State: +paused/,
  );
  expect(await cluster.print('service', 'update', '--rollback', 'web')).toBe('web\n');
  expect(watch.state.serviceByName.get('', 'web')!.update!.state).toBe('rollback_completed');
  const tasks = await watch.until('two run', hasConverged('web', 2));
  expect(tasks.map(({ version }) => version.spec.containerSpec.command)).toEqual([undefined, undefined]);
});

it('adopts its containers after a kill -9, and reports the one that died meanwhile', async () => {
  const tasks = await watch.until('two run', hasConverged('web', 2));
  const [killed, kept] = tasks;
  const name = nodeNames.find((node) => killed!.node?.description.hostname === node)!;
  await agents[name]!.kill();
  await docker.getContainer(killed!.runId).kill();
  await startNode(name);
  const after = await watch.until(
    'another runs in its place',
    (seen) => {
      const running = hasConverged('web', 2)(seen);
      return running?.every(({ id }) => id !== killed!.id) ? running : undefined;
    },
    60_000,
  );
  expect(watch.state.tasks.get(killed!.id)?.exitCode).toBe(137);
  expect(after.find(({ id }) => id === kept!.id)?.runId).toBe(kept!.runId);
});

it('rejects an image that is nowhere, and says why', async () => {
  const restart = { condition: 'none' };
  await cluster.intend(watch, 'apply', 'ghost', { image: 'localhost:1/no/such:image', restart });
  const err = await watch.until(
    'it is rejected',
    ({ state }) => {
      const [task] = state.serviceByName.get('', 'ghost')?.tasks.values() ?? [];
      return task?.err || undefined;
    },
    60_000,
  );
  expect(err).toContain('No such image: localhost:1/no/such:image');
  expect(await cluster.print('service', 'ps', 'ghost', '--no-trunc')).toContain('No such image');
});

it('publishes on a port of the host, and shows what the container said', async () => {
  const command = ['sh', '-c', 'echo hello from $PORT; exec serve'];
  const ports = ['target=8080,mode=host'];
  await cluster.intend(watch, 'apply', 'page', { ...spec, command, env: { PORT: '8080' }, ports });
  const [task] = await watch.until('it runs', hasConverged('page', 1));
  const [port] = task!.version.ports!;
  expect(port!.publishedPort).toBeGreaterThanOrEqual(30_000);
  const page = () =>
    fetch(`http://127.0.0.1:${port!.publishedPort}/`).then((answer) => answer.text(), String);
  await expect.poll(page, { timeout: 20_000 }).toContain('version 1');
  expect(await cluster.print('service', 'logs', 'page')).toContain('hello from 8080');
});

it('publishes on the port that was asked for, and says so when somebody has it', async () => {
  const port = await findFreePort();
  const ports = [{ target: 80, published: port, mode: 'host' }];
  await cluster.intend(watch, 'create', 'first', { ...spec, ports });
  await watch.until('it runs', hasConverged('first', 1));
  const page = () => fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text(), String);
  await expect.poll(page, { timeout: 20_000 }).toContain('version 1');

  // Another node, as far as the scheduler knows; but its engine is the same.
  await cluster.intend(watch, 'create', 'second', { ...spec, ports, restart: { condition: 'none' } });
  const [task] = await watch.until('it fails', ({ state }) => {
    const tasks = [...(state.serviceByName.get('', 'second')?.tasks.values() ?? [])];
    return tasks.length > 0 && tasks.every(({ err }) => err !== '') && tasks;
  });
  expect(task!.err).toMatch(/port is already allocated|address already in use/);
  expect(await cluster.print('service', 'ps', 'second', '--no-trunc')).toContain(String(port));
});

it('waits for no pull but those that need it, and ends one with its service', async () => {
  const { port, close } = await openSilentRegistry();
  try {
    const slow = { ...spec, image: `127.0.0.1:${port}/slow:1`, replicas: 60 };
    await cluster.intend(watch, 'create', 'slow', slow);
    await watch.until('they are being prepared', ({ state }) => {
      const tasks = [...(state.serviceByName.get('', 'slow')?.tasks.values() ?? [])];
      return tasks.length === 60 && tasks.every(({ observed }) => observed === TaskState.PREPARING);
    });
    await cluster.intend(watch, 'create', 'quick', { ...spec, replicas: 3 });
    await watch.until('others run', hasConverged('quick', 3), 20_000);
    const removedAt = Date.now();
    for (const name of ['slow', 'quick']) await cluster.intend(watch, 'remove', name);
    await watch.until('the slow ones are gone', isGone('slow'));
    expect(Date.now() - removedAt).toBeLessThan(5_000);
    await watch.until('the quick ones are gone', isGone('quick'));
  } finally {
    await close();
  }
});

it('keeps a node whose engine can not tell of one container, and what else runs there', {
  timeout: 90_000,
}, async () => {
  const tasks = await watch.until('two run', hasConverged('web', 2));
  const [stuck] = tasks;
  const name = nodeNames.find((node) => stuck!.node?.description.hostname === node)!;
  await agents[name]!.kill();
  const shim = findShim(stuck!.runId);
  process.kill(shim, 'SIGSTOP');
  const stopping = docker
    .getContainer(stuck!.runId)
    .exec({ Cmd: ['/bin/true'] })
    .then((exec) => exec.start({}));
  stopping.catch(() => undefined);
  try {
    const at = watch.state.head;
    await startNode(name);
    await watch.until('the node reports', () =>
      watch.events('node.joined').some(({ seq, event }) => seq > at && event.nodeId === stuck!.node?.id),
    );
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect(watch.state.nodes.get(stuck!.node!.id)?.status).toBe('ready');
    const still = await watch.until('two still', hasConverged('web', 2), 1_000);
    expect(still.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
  } finally {
    process.kill(shim, 'SIGCONT');
  }
});

it('removes everything of its own, and nothing else', async () => {
  const services = ['web', 'ghost', 'page', 'first', 'second'];
  for (const name of services) await cluster.intend(watch, 'remove', name);
  for (const name of services) await watch.until(`${name} is gone`, isGone(name), 60_000);
  await expect.poll(() => listOurs(), { timeout: 20_000 }).toEqual([]);
  expect((await stranger.inspect()).State.Running).toBe(true);
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** What stands between the engine and a container. */
function findShim(containerId: string): number {
  const pids = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return command.includes('containerd-shim') && command.includes(containerId);
    } catch {
      return false;
    }
  });
  return Number(pids[0]);
}

/** Takes connections, and says nothing. */
async function openSilentRegistry() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket))
      .resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
