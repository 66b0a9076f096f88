// A node's tasks on networks, on a real engine and the kernel's own ways: containers are whole before they start, reach each other by
// name, and what is over leaves nothing. What the cluster would say comes from memory.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Backend, createBackend, type TaskOrder } from '@muster/backends';
import { type Endpoints, type EndpointsOf, encodeEndpoints } from '@muster/events';
import { MemoryEndpointStore } from '@muster/log';
import { taskSpecSchema } from '@muster/model';
import { whatIsMissing } from '@muster/network';
import { silentLogger, systemClock } from '@muster/runtime';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEntry, type TaskEntry } from '../tasks/task-entry.ts';
import { findUnderlay } from './find-underlay.ts';
import { createNetworks, type Networks } from './networks.ts';

const missing = await whatIsMissing();
const reason = missing.map(({ sentence }) => sentence).join('; ');
const docker = new Docker();
const program = fileURLToPath(new URL('../../../bin/muster.js', import.meta.url));
const subnet = { red: '10.231.1.0/24', blue: '10.231.2.0/24' };
const numbers = { red: 1, blue: 2 };
type Color = keyof typeof subnet;

describe.skipIf(reason !== '')(`the networks of a node${reason && `, which needs more: ${reason}`}`, () => {
  const clusterName = `networks-${process.pid}`;
  const clusterId = randomUUID();
  const nodeId = `n${process.pid}`;
  const folder = mkdtempSync(path.join(tmpdir(), 'muster-w-'));
  const endpoints = new MemoryEndpointStore({ now: Date.now });
  const entries = new Map<string, TaskEntry>();
  const seqs = new Map<string, number>();
  let basis = 0;
  let life = new AbortController();
  let underlay: string;
  let backend: Backend;
  let networks: Networks;

  async function start(): Promise<void> {
    life = new AbortController();
    backend = await createBackend('docker', {
      clusterName,
      nodeId,
      sandboxDir: path.join(folder, 'sandboxes'),
    });
    const settings = {
      underlay,
      dir: path.join(folder, 'run'),
      program: [process.execPath, program],
      endpoints,
    };
    const { signal } = life;
    const bus = { publish: () => undefined };
    networks = createNetworks({
      nodeId,
      settings,
      sandboxes: backend.sandboxes!,
      entries,
      bus,
      clock: systemClock,
      logger: silentLogger,
      signal,
      onTakenPorts: () => undefined,
    });
    networks.begin(clusterId);
  }

  async function say(of: EndpointsOf, endpointsOf: object): Promise<void> {
    basis += 1;
    const key = JSON.stringify(of);
    const said = { v: 1, basis, ...endpointsOf } as Endpoints;
    const put = await endpoints.put(of, encodeEndpoints(said), { expectLastSeq: seqs.get(key) ?? 0 });
    if (put.ok) seqs.set(key, put.seq);
  }

  function sayService(color: Color, name: string, address: string, tasks: readonly string[]): Promise<void> {
    return say(
      { networkId: color, serviceId: name },
      {
        type: 'service',
        service: { id: name, name },
        address,
        aliases: [],
        tasks: tasks.map((at, index) => ({
          id: `${name}${index}`,
          slot: 1,
          name: `${name}.${index}`,
          address: at,
          node: 1,
        })),
      },
    );
  }

  function order(taskId: string, color: Color, address: string, script: string, container = {}): TaskOrder {
    return {
      identity: {
        clusterId,
        clusterName,
        nodeId,
        nodeHostname: 'here',
        serviceId: taskId,
        serviceName: taskId,
        serviceLabels: {},
        taskId,
        taskName: `${taskId}.1.${nodeId}`,
        slot: 1,
      },
      spec: taskSpecSchema.parse({
        containerSpec: {
          ...container,
          image: 'muster/demo:1',
          command: ['/bin/sh', '-c', script],
          mounts: [
            ['/usr', '/usr'],
            ['/usr/lib', '/lib'],
            ['/usr/lib64', '/lib64'],
          ].map(([source, target]) => ({ type: 'bind', source, target, readOnly: true })),
          ...container,
        },
      }),
      ports: [],
      networks: [{ id: color, name: color, number: numbers[color], address, prefix: 24, internal: false }],
    };
  }

  async function run(
    taskId: string,
    color: Color,
    address: string,
    script: string,
    container = {},
  ): Promise<void> {
    entries.set(taskId, createEntry(taskId));
    await backend.prepare(order(taskId, color, address, script, container));
    await networks.attach(taskId, new AbortController().signal);
    await backend.start(taskId);
  }

  async function end(taskId: string): Promise<void> {
    entries.delete(taskId);
    networks.look();
    await backend.remove(taskId);
  }

  const exec = async (taskId: string, ...command: string[]) => {
    const { exitCode, stdout, stderr } = await backend.exec(taskId, command);
    return exitCode === 0 ? stdout : `${exitCode}: ${stderr}`;
  };
  const listOurs = () =>
    docker.listContainers({ all: true, filters: { label: [`muster.cluster=${clusterName}`] } });

  beforeAll(async () => {
    underlay = (await findUnderlay())!;
    for (const color of ['red', 'blue'] as const)
      await say(
        { networkId: color },
        {
          type: 'network',
          network: {
            id: color,
            name: color,
            number: numbers[color],
            internal: false,
            subnets: [{ subnet: subnet[color], gateway: subnet[color].replace('0/24', '1') }],
          },
          nodes: [{ id: nodeId, number: 1, underlay, blocks: [subnet[color].replace('0/24', '64/26')] }],
        },
      );
    await start();
    expect(await backend.sandboxes!.whyNot()).toBeUndefined();
  });

  afterAll(async () => {
    for (const { taskId } of await backend.list()) await backend.remove(taskId);
    await networks.remove();
    life.abort();
    await backend.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has everything there before the first instruction of a task', async () => {
    await run(
      'first',
      'red',
      '10.231.1.70',
      'ip -o addr show eth0; ip route; cat /etc/resolv.conf /etc/hosts',
      {
        hostname: 'one',
        hosts: ['192.0.2.7 db'],
        dnsConfig: { nameservers: ['192.0.2.8'], search: ['lan'], options: ['rotate'] },
      },
    );
    const said = (await readAll('first')).join('\n');
    expect(said).toContain('inet 10.231.1.70/32');
    expect(said).toContain('default via 169.254.1.1 dev eth0');
    expect(said).toContain('nameserver 169.254.1.1');
    expect(said).toContain('10.231.1.70\tone');
    expect(said).toContain('192.0.2.7\tdb');
    expect(said).toContain('search lan\noptions ndots:0 rotate');
    const askers = JSON.parse(readFileSync(path.join(folder, 'run', 'names', 'askers.json'), 'utf8'));
    expect(askers.askers['10.231.1.70']).toEqual({ networks: ['red'], nameservers: ['192.0.2.8'] });
    await end('first');
  });

  it('runs whatever a container may be: nobody’s shell, another user, a root that is only read, an init', async () => {
    const look = 'echo "$$ $(id -u)"; cat /etc/resolv.conf; ip -o addr show eth0';
    await run('plain', 'red', '10.231.1.75', look, { user: '1234', readOnly: true });
    const plain = await readAll('plain');
    expect(plain[0]).toBe('1 1234');
    expect(plain.join(' ')).toContain('nameserver 169.254.1.1');
    expect(plain.join(' ')).toContain('inet 10.231.1.75/32');
    await run('tended', 'red', '10.231.1.76', `${look}; cat /proc/1/comm`, { init: true });
    const tended = await readAll('tended');
    expect(tended[0]).not.toMatch(/^1 /);
    expect(tended.at(-1)).toMatch(/init|tini/);
    const [image] = await docker.listImages({ filters: { reference: ['muster/trial'] } });
    await run('bare', 'red', '10.231.1.77', '', {
      image: image!.RepoTags![0],
      command: undefined,
      args: ['--', '/gate'],
      mounts: [],
    });
    expect(await backend.inspect('bare')).toMatchObject({ status: 'running' });
    for (const task of ['plain', 'tended', 'bare']) await end(task);
  });

  it.each([
    ['nosuch', 'exec: "nosuch": executable file not found in $PATH'],
    ['/nosuch', 'exec: "/nosuch": stat /nosuch: no such file or directory'],
    ['/etc', 'exec: "/etc": permission denied'],
  ])('says in the engine’s words that there is no %s', async (program, words) => {
    await expect(run('none', 'red', '10.231.1.78', '', { command: [program] })).rejects.toThrow(words);
    expect(await backend.inspect('none')).toMatchObject({ status: 'exited' });
    await end('none');
  });

  it('begins nothing that was left at the gate, and nothing twice', async () => {
    entries.set('held', createEntry('held'));
    await backend.prepare(order('held', 'red', '10.231.1.79', 'echo begun; exec sleep 1000'));
    expect(await backend.sandboxes!.hold('held')).toMatchObject({ netns: expect.any(String) });
    life.abort();
    await backend.close();
    await start();
    expect(await backend.list()).toMatchObject([{ taskId: 'held', status: 'created' }]);
    expect(await readAll('held', false)).toEqual([]);
    await networks.attach('held', new AbortController().signal);
    await backend.start('held');
    await expect.poll(() => readAll('held', false)).toEqual(['begun']);
    expect(await exec('held', '/usr/sbin/ip', '-o', 'addr', 'show', 'eth0')).toContain('10.231.1.79/32');
    const container = docker.getContainer((await nameOf('held'))!);
    await container.restart({ t: 0 });
    expect(await backend.inspect('held')).toMatchObject({
      status: 'exited',
      error: 'the container was started again from outside',
    });
    expect(await readAll('held', false)).toEqual(['begun']);
    // Whoever waits is stopped at once, whatever its grace period.
    const began = Date.now();
    await backend.stop('held');
    expect(Date.now() - began).toBeLessThan(5_000);
    await end('held');
  });

  it('lets a task reach a service by name, every task of it in turn, and no other network', async () => {
    await run('one', 'red', '10.231.1.71', 'serve');
    await run('two', 'red', '10.231.1.72', 'serve');
    await run('asker', 'red', '10.231.1.73', 'exec sleep 1000');
    await run('stranger', 'blue', '10.231.2.71', 'exec sleep 1000');
    await sayService('red', 'web', '10.231.1.2', ['10.231.1.71', '10.231.1.72']);
    const ask = (from: string, url: string) => exec(from, '/usr/bin/curl', '-sS', '--max-time', '5', url);
    await expect
      .poll(() => exec('asker', '/usr/bin/getent', 'hosts', 'web'), { timeout: 20_000 })
      .toContain('10.231.1.2');
    const answers = [];
    for (let times = 0; times < 4; times += 1) answers.push(await ask('asker', 'http://web/'));
    expect(new Set(answers).size).toBe(2);
    expect(await ask('asker', 'http://tasks.web/')).not.toContain('curl:');
    expect(await ask('stranger', 'http://web/')).toContain('Could not resolve host');
    expect(await ask('stranger', 'http://10.231.1.2/')).toContain('curl: (7)');
    expect(await ask('stranger', 'http://10.231.1.71/')).toContain('curl: (7)');
  });

  it('goes on while nobody looks after it, and is taken over by the next', async () => {
    life.abort();
    await backend.close();
    expect(
      execFileSync('docker', [
        'exec',
        (await nameOf('asker'))!,
        '/usr/bin/curl',
        '-sS',
        'http://web/',
      ]).toString(),
    ).not.toBe('');
    await start();
    await run('three', 'red', '10.231.1.74', 'serve');
    await sayService('red', 'web', '10.231.1.2', ['10.231.1.74']);
    await expect
      .poll(() => exec('asker', '/usr/bin/curl', '-sS', 'http://web/'), { timeout: 20_000 })
      .toContain('three');
    for (const task of ['one', 'two']) await end(task);
    expect(await exec('asker', '/usr/bin/curl', '-sS', 'http://web/')).toContain('three');
  });

  it('leaves nothing when it is removed', async () => {
    for (const task of ['three', 'asker', 'stranger']) await end(task);
    await expect.poll(listOurs, { timeout: 20_000 }).toEqual([]);
    await networks.remove();
    expect(existsSync(path.join(folder, 'run', 'names'))).toBe(false);
    expect(execFileSync('ip', ['-o', 'link']).toString()).not.toContain(nodeId);
  });

  async function readAll(taskId: string, follow = true): Promise<string[]> {
    const lines: string[] = [];
    for await (const { line } of backend.logs(taskId, { follow })) lines.push(line);
    return lines;
  }

  async function nameOf(taskId: string): Promise<string | undefined> {
    const filters = { label: [`com.docker.swarm.task.id=${taskId}`] };
    return (await docker.listContainers({ filters }))[0]?.Id;
  }
});
