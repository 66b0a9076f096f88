// Networks over three hosts, each with an engine and an agent of its own: what tasks on different hosts have of one another, and what of
// it is left when hosts, links, engines and agents fail. Requests are curl's, from inside a task.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { whatIsMissing } from '@muster/network';
import { startNatsServer } from '@muster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, nodeNamed, runningTasks } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';
import { type EngineHost, startEngineHost } from './engine-hosts.ts';
import { type Hosts, noHosts, startHosts } from './hosts.ts';
import { LOAD, type Load, PAGES } from './steady-load.ts';

const run = promisify(execFile);
const missing = noHosts ?? (await whatIsMissing()).map(({ sentence }) => sentence).join('; ');
const HEARTBEAT_MS = 1_000;
const MEGABYTES = 64;
const SOON_MS = 30_000;
const PORT = 18_080;

/** Programs of this machine, so that a client is a real one. */
const programs = [
  ['/usr', '/usr'],
  ['/usr/lib', '/lib'],
  ['/usr/lib64', '/lib64'],
].flatMap(([source, target]) => ['--mount', `type=bind,source=${source},target=${target},readonly`]);

describe.skipIf(missing !== '')(
  `networks over three hosts${missing && `, which need more: ${missing}`}`,
  () => {
    const undo: (() => Promise<unknown>)[] = [];
    const agents = new Map<EngineHost, RoleProcess>();
    let hosts: Hosts;
    let engines: EngineHost[];
    let cluster: TestCluster;
    let watch: Watch;

    async function startAgent(one: EngineHost): Promise<void> {
      const args = ['--cluster', 'hosts', '--data-path-addr', one.host.address];
      const env = { DOCKER_HOST: one.engine };
      agents.set(one, await cluster.startAgent(one.name, { backend: 'docker', args, env, via: one.via }));
    }

    const create = (name: string, ...more: string[]) =>
      cluster.print('service', 'create', '--name', name, '--stable-for', '0s', ...more);
    const client = (name: string, network: string, host: EngineHost) =>
      create(
        name,
        ...['--network', network, '--constraint', `node.hostname==${host.name}`, ...programs],
        ...['muster/demo:1', 'sleep', '100000'],
      );
    const tasksOf = (service: string) => runningTasks(watch.state.serviceByName.get('', service));

    async function inTask(service: string, ...command: string[]): Promise<string> {
      return await run('docker', enterTask(service, ...command)).then(
        ({ stdout }) => stdout,
        ({ stderr }) => String(stderr),
      );
    }

    function enterTask(service: string, ...command: string[]): string[] {
      const [task] = tasksOf(service);
      const { engine } = engines.find(({ name }) => name === task!.node!.description.hostname)!;
      return ['-H', engine, 'exec', '-i', task!.runId, ...command];
    }

    /** A steady stream of requests from the asker, until it is ended. */
    function startLoad(...urls: string[]): () => Promise<Load> {
      const running = run('docker', enterTask('asker', '/usr/bin/node', '-e', LOAD, ...urls));
      return async () => {
        running.child.stdin!.end();
        return JSON.parse((await running).stdout);
      };
    }

    const ask = (from: string, url: string) => inTask(from, '/usr/bin/curl', '-sS', '--max-time', '2', url);

    /** How often which task answered. */
    async function count(from: string, url: string, times: number): Promise<Record<string, number>> {
      const counts: Record<string, number> = {};
      for (let time = 0; time < times; time += 1) {
        const answer = await ask(from, url);
        const who = /served by (\w+)/.exec(answer)?.[1] ?? answer.trim();
        counts[who] = (counts[who] ?? 0) + 1;
      }
      return counts;
    }

    /** Each of a service's tasks answers, as often as every other. */
    async function expectAllAnswer(service: string, turns = 2): Promise<void> {
      const short = tasksOf(service).map(({ id }) => id.slice(0, 12));
      const even = Object.fromEntries(short.map((id) => [id, turns]));
      await expect
        .poll(() => count('asker', `http://${service}/`, turns * short.length), { timeout: SOON_MS })
        .toEqual(even);
    }

    const hostsOf = (service: string) =>
      new Set(tasksOf(service).map(({ node }) => node!.description.hostname));
    const runs = (service: string, replicas: number, without: EngineHost) => () =>
      tasksOf(service).length === replicas && !hostsOf(service).has(without.name);
    const isDown = (name: string) => (now: Watch) => nodeNamed(now, name)?.status === 'down';

    beforeAll(async () => {
      hosts = await startHosts(3);
      undo.push(() => hosts.stop());
      engines = await Promise.all(
        hosts.all.map(async (host) => {
          const engine = await startEngineHost(host);
          undo.push(() => engine.stop());
          return engine;
        }),
      );
      const dir = await mkdtemp(join(tmpdir(), 'muster-hosts-'));
      undo.push(() => rm(dir, { recursive: true, force: true }));
      const here = hosts.all[0]!.address.replace(/\d+$/, '254');
      const server = await startNatsServer({ dir, host: here });
      undo.push(() => server.stop());
      cluster = await startCluster({ url: server.url, heartbeatMs: HEARTBEAT_MS });
      undo.push(() => cluster.stop());
      await cluster.start('up', '--nodes', '0');
      watch = await cluster.watch();
      await Promise.all(engines.map(startAgent));
      await watch.until('three nodes', areReady(3));
      await watch.until('networks', ({ state }) => state.wireVersion >= 2, SOON_MS * 2);
      await watch.until(
        'nodes with networks',
        ({ state }) =>
          [...state.nodes.values()].every(({ description }) => description.networks?.includes('overlay')),
        SOON_MS,
      );
      for (const name of ['red', 'blue'])
        await cluster.print('network', 'create', '--driver', 'overlay', name);
      await Promise.all([
        create('web', '--network', 'red', '--replicas', '3', '--restart-delay', '0s', 'muster/demo:1'),
        client('asker', 'red', engines[0]!),
        client('stranger', 'blue', engines[0]!),
      ]);
    });

    afterAll(async () => {
      for (const end of undo.reverse()) await end();
    });

    it('lets tasks reach one another by name and by virtual address', async () => {
      expect(hostsOf('web').size).toBe(3);
      await expectAllAnswer('web');
      for (const { address } of watch.state.serviceByName.get('', 'web')!.addresses)
        expect(Object.values(await count('asker', `http://${address}/`, 6))).toEqual([2, 2, 2]);
      const ids = tasksOf('web').map(({ id }) => id.slice(0, 12));
      expect(ids).toEqual(expect.arrayContaining(Object.keys(await count('asker', 'http://tasks.web/', 6))));
    });

    it('keeps out who is on another network', async () => {
      expect(await ask('stranger', 'http://web/')).toMatch(/Could not resolve host|Resolving timed out/);
      for (const task of watch.state.serviceByName.get('', 'web')!.tasks.values())
        for (const { address } of task.addresses ?? [])
          expect(await ask('stranger', `http://${address}/`)).toMatch(/curl: \((7|28)\)/);
    });

    it('carries as much as one likes, between hosts', async () => {
      const size = MEGABYTES * 1024 * 1024;
      for (const task of tasksOf('web')) {
        const { engine } = engines.find(({ name }) => name === task.node!.description.hostname)!;
        const make = ['dd', 'if=/dev/zero', 'of=/www/much', 'bs=1M', `count=${MEGABYTES}`];
        await run('docker', ['-H', engine, 'exec', task.runId, ...make]);
      }
      const take = ['/usr/bin/curl', '-sS', '--max-time', '20', '-o', '/dev/null', '-w', '%{size_download} '];
      const urls = [1, 2, 3].flatMap(() => ['-o', '/dev/null', 'http://web/much']);
      expect((await inTask('asker', ...take, ...urls.slice(2))).trim()).toBe(`${size} ${size} ${size}`);
    });

    it('answers at a published port of each host, and shows who asks', async () => {
      const spread = ['--network', 'red', '--replicas', '2', '-p', `${PORT}:8080`, '--restart-delay', '0s'];
      await create('pages', ...spread, 'muster/demo:1', 'sh', '-c', PAGES);
      const outside = hosts.all[0]!.address.replace(/\d+$/, '254');
      const names = tasksOf('pages').map(({ id }) => id.slice(0, 12));
      const each = names.map((name) => `${name} saw ${outside}`).sort();
      for (const { address } of hosts.all) {
        const ask = () => fetchText(`http://${address}:${PORT}/cgi-bin/who`);
        await expect.poll(async () => [await ask(), await ask()].sort(), { timeout: SOON_MS }).toEqual(each);
      }
    });

    // Only in `npm run faults`: without a health check a task takes requests when it runs, which may be before it listens.
    const orders = process.env.MUSTER_CLUSTER_FAULTS === undefined ? [] : ['start-first', 'stop-first'];
    it.each(orders)('loses no request in a rolling update, %s', async (order) => {
      const update = ['--update-order', order, '--update-delay', '500ms', '--update-monitor', '100ms'];
      const published = hosts.all.map(({ address }) => `http://${address}:${PORT}/`);
      const endLoad = startLoad('http://pages:8080/', ...published);
      await cluster.print('service', 'update', '--force', '--stable-for', '0s', ...update, 'pages');
      const { failures, answered, servers } = await endLoad();
      expect({ failures, servers: servers.length }).toEqual({ failures: [], servers: 4 });
      expect(answered).toBeGreaterThan(100);
    });

    it('goes on without a host that is killed, and with it when it is back', async () => {
      const last = engines[2]!;
      await last.kill();
      await watch.until('the host is given up', isDown(last.name), SOON_MS);
      await watch.until('all run elsewhere', runs('web', 3, last));
      await expectAllAnswer('web');
      await last.startAgain();
      await startAgent(last);
      await watch.until('it is back', areReady(3), SOON_MS);
      await cluster.print('service', 'scale', 'web=6', '--stable-for', '0s');
      expect(hostsOf('web').size).toBe(3);
      await expectAllAnswer('web');
    });

    it('goes on without a host whose link is cut, and with it when it is joined', async () => {
      const cut = engines[1]!;
      await hosts.cutLink(cut.host);
      await watch.until('the host is given up', isDown(cut.name), SOON_MS);
      await watch.until('all run elsewhere', runs('web', 6, cut));
      await expectAllAnswer('web', 1);
      await hosts.joinLink(cut.host);
      await watch.until('it is back', areReady(3), SOON_MS);
      await expectAllAnswer('web', 1);
    });

    it('is whole when an agent and an engine were killed in the middle of a scale', async () => {
      const scaling = cluster.print('service', 'scale', 'web=12', '--stable-for', '0s');
      await watch.until('a few more', ({ state }) => state.serviceByName.get('', 'web')!.tasks.size > 6);
      await Promise.all([engines[1]!.crashEngine(), agents.get(engines[2]!)!.kill()]);
      await startAgent(engines[2]!);
      await scaling;
      await expectAllAnswer('web', 1);
    });
  },
);

/** Or why there is none. */
async function fetchText(url: string): Promise<string> {
  return await fetch(url, { signal: AbortSignal.timeout(2_000), headers: { connection: 'close' } }).then(
    async (response) => (await response.text()).trim().replace(/\[::ffff:(.*)\]/, '$1'),
    ({ message }: Error) => message,
  );
}
