// Services on networks, end to end: a real engine, the kernel's own ways, everything in between as `muster up` runs it.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { TaskState } from '@muster/model';
import { whatIsMissing } from '@muster/network';
import { isLive } from '@muster/state';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const run = promisify(execFile);
const docker = new Docker();
const clusterName = `e2e-${randomUUID()}`;
const RAISE_TIMEOUT_MS = 60_000;
const missing = (await whatIsMissing()).map(({ sentence }) => sentence).join('; ');

/** Programs of this machine, so that a client is a real one: curl with glibc's resolver. */
const programs = [
  ['/usr', '/usr'],
  ['/usr/lib', '/lib'],
  ['/usr/lib64', '/lib64'],
].flatMap(([source, target]) => ['--mount', `type=bind,source=${source},target=${target},readonly`]);

/** A web server that says who asks. */
const tellWho = `mkdir -p /www/cgi-bin
printf '#!/bin/sh\\necho Content-Type: text/plain\\necho\\necho served by $(hostname) for $REMOTE_ADDR\\n' >/www/cgi-bin/who
chmod +x /www/cgi-bin/who
trap 'exit 0' TERM
httpd -f -p 80 -h /www &
wait`;
const POLL = { timeout: 40_000 };

async function holdPort(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
  return server;
}

async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => holdPort(0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

describe.skipIf(missing !== '')(`services on networks${missing && `, which need more: ${missing}`}`, () => {
  let cluster: TestCluster;
  let up: RoleProcess;
  let watch: Watch;
  let port: number;
  let other: number;
  let ofNode: number;

  const create = (name: string, network: string, ...more: string[]) =>
    cluster.print('service', 'create', '--name', name, '--network', network, '--stable-for', '0s', ...more);
  const client = (name: string, network: string) =>
    create(name, network, ...programs, 'muster/demo:1', 'sleep', '100000');

  function tasksOf(service: string): string[] {
    const tasks = [...(watch.state.serviceByName.get('', service)?.tasks.values() ?? [])];
    return tasks
      .filter((task) => task.observed === TaskState.RUNNING && isLive(task))
      .map(({ runId }) => runId);
  }

  async function ask(service: string, url: string, ...more: readonly string[]): Promise<string> {
    const [container] = tasksOf(service);
    const command = ['exec', container!, '/usr/bin/curl', '-sS', '--max-time', '5', ...more, url];
    return await run('docker', command).then(
      ({ stdout }) => stdout,
      ({ stderr }) => String(stderr),
    );
  }

  async function servers(from: string, url: string, times: number): Promise<Set<string>> {
    const answers = new Set<string>();
    for (let time = 0; time < times; time += 1)
      answers.add(/served by (\w+)/.exec(await ask(from, url))?.[1] ?? 'nobody');
    return answers;
  }

  const publish = (name: string, ...more: string[]) =>
    cluster.print(
      ...['service', 'create', '--name', name, '--stable-for', '0s', ...more],
      ...['muster/demo:1', 'sh', '-c', tellWho],
    );

  async function visits(url: string, times: number): Promise<{ by: string; client: string }[]> {
    const seen: { by: string; client: string }[] = [];
    for (let time = 0; time < times; time += 1) {
      const command = ['-sS', '--max-time', '5', `${url}/cgi-bin/who`];
      const answer = await run('curl', command).then(
        ({ stdout }) => stdout,
        () => '',
      );
      const [, by, client] = /served by (\w+) for \[::ffff:([\d.]+)\]/.exec(answer) ?? [];
      if (by !== undefined && client !== undefined) seen.push({ by, client });
    }
    return seen;
  }

  const listOurs = () =>
    docker.listContainers({ all: true, filters: { label: [`muster.cluster=${clusterName}`] } });

  beforeAll(async () => {
    cluster = await startCluster();
    up = await cluster.start('up', '--cluster', clusterName, '--rm');
    watch = await cluster.watch();
    await watch.until('a node', areReady(1));
    await watch.until('networks', ({ state }) => state.wireVersion >= 2, RAISE_TIMEOUT_MS);
    await watch.until(
      'a node with networks',
      ({ state }) => [...state.nodes.values()].some((node) => node.description.networks?.includes('overlay')),
      RAISE_TIMEOUT_MS,
    );
  }, RAISE_TIMEOUT_MS * 2);

  afterAll(async () => {
    await cluster?.stop();
    for (const { Id } of await listOurs()) await docker.getContainer(Id).remove({ force: true });
  });

  it('lets one service reach another by its name, and all of its tasks get requests', async () => {
    await cluster.print('network', 'create', '--driver', 'overlay', '--ipv6', 'red');
    await create('web', 'red', '--replicas', '2', 'muster/demo:1');
    await client('asker', 'red');
    await expect
      .poll(() => servers('asker', 'http://web/', 4).then(({ size }) => size), { timeout: 30_000 })
      .toBe(2);
    expect(await servers('asker', 'http://WEB.red/', 4)).not.toContain('nobody');
  });

  it('says where packets go, and where they stop', async () => {
    const why = (...args: string[]) => cluster.print('network', 'why', ...args);
    const steps = await why('--connect', 'asker.1', 'web:80');
    expect(steps).not.toMatch(/^(stops|doubt)/m);
    expect(steps.match(/ listens on 80 \(tcp\)$/gm)).toHaveLength(2);
    expect(steps).toContain('a connection to 80 was opened');
    await expect(why('--format', 'json', 'web.1', 'asker:80')).rejects.toThrow(
      'nobody listens on 80 in asker.1',
    );
  });

  it('leads there by IPv6 as well, and by each address', async () => {
    expect(await ask('asker', 'http://web/', '-6')).toMatch(/served by/);
    expect(await ask('asker', 'http://tasks.web/', '-6')).toMatch(/served by/);
    const red = JSON.parse(await cluster.print('network', 'inspect', 'red'))[0];
    expect(red).toMatchObject({
      EnableIPv6: true,
      IPAM: { Config: [{}, { Subnet: expect.stringMatching(/^fd/) }] },
    });
    const [, vip6] = red.Services.web.VIP.split(', ');
    expect(await ask('asker', `http://[${vip6}]/`)).toMatch(/served by/);
    expect(await run('docker', ['exec', tasksOf('asker')[0]!, '/bin/cat', '/etc/hosts'])).toMatchObject({
      stdout: expect.stringMatching(/^fd\S+\t\w+$/m),
    });
  });

  it('keeps out who is on another network', async () => {
    await cluster.print('network', 'create', '--driver', 'overlay', 'blue');
    await client('stranger', 'blue');
    expect(await ask('stranger', 'http://web/')).toContain('Could not resolve host');
    for (const { address } of watch.state.serviceByName.get('', 'web')!.addresses ?? [])
      expect(await ask('stranger', `http://${address}/`)).toContain('curl: (7)');
  });

  it('goes on when tasks are exchanged', async () => {
    const before = await servers('asker', 'http://web/', 4);
    await cluster.print('service', 'update', '--force', '--stable-for', '0s', 'web');
    await expect
      .poll(async () => [...(await servers('asker', 'http://web/', 4))].filter((one) => before.has(one)), {
        timeout: 30_000,
      })
      .toEqual([]);
    expect(await servers('asker', 'http://web/', 4)).not.toContain('nobody');
  });

  it('answers on a published port of every address of the node, and shows the task its client', async () => {
    [port, other, ofNode] = (await findFreePorts(3)) as [number, number, number];
    await publish('mesh', '--replicas', '2', '-p', `${port}:80`);
    await publish('local', '--network', 'red', '-p', `published=${ofNode},target=80,mode=host`);
    const addr = [...watch.state.nodes.values()][0]!.description.addr!;
    await expect
      .poll(async () => new Set((await visits(`http://127.0.0.1:${port}`, 4)).map(({ by }) => by)).size, POLL)
      .toBe(2);
    await expect.poll(() => visits(`http://127.0.0.1:${ofNode}`, 1), POLL).toHaveLength(1);
    for (const one of [port, ofNode])
      for (const { client } of await visits(`http://${addr}:${one}`, 2)) expect(client).toBe(addr);
    // A container of another network, which sees no more of the service than the world does.
    const [stranger] = watch.state.serviceByName.get('', 'stranger')!.tasks.values();
    expect(await ask('stranger', `http://${addr}:${port}/cgi-bin/who`)).toContain(
      `:${stranger!.addresses![0]!.address}]`,
    );
    expect(await ask('stranger', 'http://mesh/')).toContain('Could not resolve host');
    const shown = await cluster.print('service', 'ls', '--filter', 'name=mesh', '--format', '{{.Ports}}');
    expect(shown.trim()).toBe(`*:${port}->80/tcp`);
    expect(await cluster.print('network', 'ls')).toMatch(/ingress +overlay/);
  }, 120_000);

  it('goes on while its agent is away, and publishes more without another task', async () => {
    const tasks = tasksOf('mesh');
    await up.kill();
    const sinceThen = await visits(`http://127.0.0.1:${port}`, 4);
    expect(new Set(sinceThen.map(({ by }) => by)).size).toBe(2);
    await expect(holdPort(port)).rejects.toThrow('EADDRINUSE');
    up = await cluster.start('up', '--cluster', clusterName, '--rm');
    const another = await holdPort(other);
    await cluster.print('service', 'update', '--publish-add', `${other}:80`, '--stable-for', '0s', 'mesh');
    const [nodeId] = watch.state.nodes.keys();
    const problem = () => cluster.print('node', 'inspect', nodeId!, '--format', '{{.Status.TakenPorts}}');
    await expect.poll(problem, POLL).toContain(`${other}/tcp`);
    await new Promise((resolve) => another.close(resolve));
    await expect.poll(() => visits(`http://127.0.0.1:${other}`, 2), POLL).toHaveLength(2);
    expect(tasksOf('mesh')).toEqual(tasks);
  }, 120_000);

  it('leaves nothing', async () => {
    const routers = async () =>
      (await run('ip', ['netns', 'list'])).stdout.match(/muster-\w+/g) ?? ([] as string[]);
    const own = await routers();
    expect(own.length).toBeGreaterThan(0);
    await cluster.print('service', 'rm', 'web', 'asker', 'stranger', 'mesh', 'local');
    await expect.poll(listOurs, { timeout: 60_000 }).toEqual([]);
    for (const one of [port, other, ofNode])
      await expect
        .poll(() => holdPort(one).then((server) => server.close().address()), POLL)
        .not.toBe(undefined);
    await cluster.print('network', 'rm', 'red', 'blue', 'ingress');
    await up.stop();
    expect((await routers()).filter((name) => own.includes(name)).length).toBeLessThan(own.length);
  });
});
