// What befalls a node's tasks on networks, with a real agent as a process of its own and an engine of the test's own, set to let
// containers live while it restarts: nothing is taken off its networks that lives, and what dies gives its addresses back.
import { execFile } from 'node:child_process';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { findUnderlay } from '@muster/agent';
import { TaskState } from '@muster/model';
import { whatIsMissing } from '@muster/network';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { type PrivateEngine, startPrivateEngine } from '../harness/private-engine.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { inProject } from '../harness/root.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const run = promisify(execFile);
const missing = (await whatIsMissing()).map(({ sentence }) => sentence).join('; ');
const PATIENCE_MS = 60_000;
const PORT = 18_480;

describe.skipIf(missing !== '')('tasks on networks, and what befalls them', () => {
  let engine: PrivateEngine;
  let docker: Docker;
  let cluster: TestCluster;
  let watch: Watch;
  let agent: RoleProcess;

  const startAgent = () => cluster.startAgent('one', { backend: 'docker' });
  const converged = (count: number) => watch.until(`${count} run`, hasConverged('web', count), PATIENCE_MS);
  const running = async () => (await docker.listContainers()).map(({ Id }) => Id);

  /** Which tasks of the service answer at its address, of some requests; and nobody else. */
  async function answering(times: number): Promise<Set<string>> {
    const { stdout } = await run('curl', [
      '-sS',
      '--max-time',
      '5',
      `http://${await findUnderlay()}:${PORT}/`,
    ]);
    expect(stdout).toContain('served by');
    const answers = new Set<string>();
    const [client] = [...(watch.state.serviceByName.get('', 'client')?.tasks.values() ?? [])].filter(
      (task) => task.observed === TaskState.RUNNING,
    );
    const command = ['/usr/bin/curl', '-sS', '--max-time', '5', 'http://web/'];
    for (let time = 0; time < times; time += 1) {
      const exec = await run('docker', ['-H', engine.host, 'exec', client!.runId, ...command]);
      answers.add(/served by (\w+)/.exec(exec.stdout)?.[1] ?? 'nobody');
    }
    return answers;
  }

  async function allAnswer(count: number): Promise<void> {
    await expect
      .poll(() => answering(count * 2).catch((error) => new Set([String(error)])), { timeout: PATIENCE_MS })
      .toHaveProperty('size', count);
  }

  /** Of containers that run by the engine's account. */
  async function atTheGate(): Promise<string[]> {
    const programs = await Promise.all(
      (await running()).map(async (id) => {
        const { Pid } = (await docker.getContainer(id).inspect()).State;
        return await readlink(`/proc/${Pid}/exe`);
      }),
    );
    return programs.filter((program) => program === '/sbin/docker-init');
  }

  beforeAll(async () => {
    engine = await startPrivateEngine();
    const dir = engine.host.replace(/^unix:\/\/(.*)\/docker\.sock$/, '$1');
    const settings = JSON.parse(await readFile(`${dir}/daemon.json`, 'utf8'));
    await writeFile(`${dir}/daemon.json`, JSON.stringify({ ...settings, 'live-restore': true }));
    process.kill(Number(await readFile(`${dir}/pid`, 'utf8')), 'SIGHUP');
    const env = { DOCKER_HOST: engine.host };
    await run(inProject('deploy', 'images', 'build'), { env: { ...process.env, ...env } });
    docker = new Docker({ socketPath: engine.host.replace('unix://', '') });
    cluster = await startCluster({ env });
    await cluster.startControl(1);
    agent = await startAgent();
    watch = await cluster.watch();
    await watch.until('the node', areReady(1));
    await watch.until('networks', ({ state }) => state.wireVersion >= 2, PATIENCE_MS);
    await watch.until(
      'a node with networks',
      ({ state }) => [...state.nodes.values()].some((node) => node.description.networks?.includes('overlay')),
      PATIENCE_MS,
    );
    await cluster.print('network', 'create', '--driver', 'overlay', 'red');
    const spec = { image: 'muster/demo:1', networks: ['red'], restart: { delay: 0 } };
    await cluster.intend(watch, 'apply', 'web', { ...spec, replicas: 2 });
    // A real client: curl with glibc's resolver.
    const mounts = [
      ['/usr', '/usr'],
      ['/usr/lib', '/lib'],
      ['/usr/lib64', '/lib64'],
    ].map(([source, target]) => ({ source, target, readOnly: true }));
    await cluster.intend(watch, 'apply', 'client', { ...spec, mounts, args: ['sleep', '100000'] });
    const ports = [{ target: 80, published: PORT, mode: 'host' }];
    await cluster.intend(watch, 'apply', 'door', { ...spec, ports });
    await converged(2);
  }, 3 * PATIENCE_MS);

  afterAll(async () => {
    // An agent that is killed leaves its router to the next.
    await cluster?.print('node', 'rm', '--force', await cluster.nodeId('one'));
    await Promise.race([agent?.ended, new Promise((resolve) => setTimeout(resolve, 30_000))]);
    await cluster?.stop();
    await engine?.stop();
  });

  it('goes on where an agent was killed in the middle of attaching', async () => {
    await allAnswer(2);
    const before = new Set(await running());
    await cluster.intend(watch, 'scale', 'web', { replicas: 6 });
    await expect
      .poll(async () => (await running()).filter((id) => !before.has(id)).length, {
        interval: 5,
        timeout: PATIENCE_MS,
      })
      .toBeGreaterThan(0);
    await agent.kill();
    agent = await startAgent();
    await converged(6);
    await allAnswer(6);
    expect(await atTheGate()).toEqual([]);
    for (const id of before) expect(await running()).toContain(id);
  });

  it('keeps tasks and their networks while the engine restarts', async () => {
    const before = (await running()).sort();
    await engine.restart();
    await allAnswer(6);
    expect((await running()).sort()).toEqual(before);
    await cluster.intend(watch, 'scale', 'web', { replicas: 3 });
    await converged(3);
    await allAnswer(3);
  });

  it.each(['restart', 'kill'] as const)('replaces a task after docker %s', async (verb) => {
    const before = await converged(3);
    const [victim] = before;
    // What has ended gives its files back at once: the engine may find nothing to start again with.
    await docker
      .getContainer(victim!.runId!)
      [verb]()
      .catch((error) => expect(String(error)).toMatch(/Cannot restart container/));
    await watch.until(
      'another',
      (seen) => hasConverged('web', 3)(seen)?.every(({ id }) => id !== victim!.id),
      PATIENCE_MS,
    );
    await allAnswer(3);
    expect(await atTheGate()).toEqual([]);
  });
});
