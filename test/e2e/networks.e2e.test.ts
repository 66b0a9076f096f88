// Services on networks, end to end: a real engine, the kernel's own ways, everything in between as `muster up` runs it.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
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

describe.skipIf(missing !== '')(`services on networks${missing && `, which need more: ${missing}`}`, () => {
  let cluster: TestCluster;
  let up: RoleProcess;
  let watch: Watch;

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

  it('leaves nothing', async () => {
    const routers = async () =>
      (await run('ip', ['netns', 'list'])).stdout.match(/muster-\w+/g) ?? ([] as string[]);
    const own = await routers();
    expect(own.length).toBeGreaterThan(0);
    await cluster.print('service', 'rm', 'web', 'asker', 'stranger');
    await expect.poll(listOurs, { timeout: 60_000 }).toEqual([]);
    await cluster.print('network', 'rm', 'red', 'blue');
    await up.stop();
    expect((await routers()).filter((name) => own.includes(name)).length).toBeLessThan(own.length);
  });
});
