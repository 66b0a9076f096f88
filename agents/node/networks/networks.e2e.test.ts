// A node's tasks on networks, on a real engine and the kernel's own ways: containers are whole before they start, reach each other by
// name, and what is over leaves nothing. What the cluster would say comes from memory.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
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

  function order(taskId: string, color: Color, address: string, script: string): TaskOrder {
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
          image: 'muster/demo:1',
          command: ['/bin/sh', '-c', script],
          mounts: [
            ['/usr', '/usr'],
            ['/usr/lib', '/lib'],
            ['/usr/lib64', '/lib64'],
          ].map(([source, target]) => ({ type: 'bind', source, target, readOnly: true })),
        },
      }),
      ports: [],
      networks: [{ id: color, name: color, number: numbers[color], address, prefix: 24, internal: false }],
    };
  }

  async function run(taskId: string, color: Color, address: string, script: string): Promise<void> {
    entries.set(taskId, createEntry(taskId));
    await backend.prepare(order(taskId, color, address, script));
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
    );
    const lines: string[] = [];
    for await (const { line } of backend.logs('first', { follow: true })) lines.push(line);
    const said = lines.join('\n');
    expect(said).toContain('inet 10.231.1.70/32');
    expect(said).toContain('default via 169.254.1.1 dev eth0');
    expect(said).toContain('nameserver 169.254.1.1');
    expect(said).toContain('10.231.1.70\tfirst');
    await end('first');
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

  async function nameOf(taskId: string): Promise<string | undefined> {
    const filters = { label: [`com.docker.swarm.task.id=${taskId}`] };
    return (await docker.listContainers({ filters }))[0]?.Id;
  }
});
