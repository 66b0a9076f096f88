// What runs on a node outlives the node's agent, and a node that is lost is replaced. With plain processes, which really
// go on running when nobody looks.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import {
  areReady,
  hasConverged,
  isGone,
  nodeNamed,
  runningTasks,
  type Sighting,
  seeTask,
} from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let watch: Watch;
let agents: Record<string, RoleProcess>;

const names = ['one', 'two', 'three'];
async function start(name: string): Promise<RoleProcess> {
  agents[name] = await cluster.startAgent(name, { backend: 'process' });
  return agents[name];
}

async function startNodes(heartbeatMs: number): Promise<void> {
  cluster = await startCluster({ heartbeatMs });
  await cluster.startControl(1);
  agents = {};
  await Promise.all(names.map(start));
  watch = await cluster.watch();
  await watch.until('three nodes', areReady(3));
}

/** Ends with 7 when it is asked to end. */
const polite = {
  image: 'process',
  command: ['sh', '-c', 'trap "exit 7" TERM; sleep 600 & wait'],
  restart: { delay: 0 },
  stopGracePeriod: '1s',
};

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

function tasksOn(name: string, service: string) {
  return [...nodeNamed(watch, name)!.tasks.values()]
    .filter((task) => task.service.spec.name === service)
    .map(seeTask)
    .sort((a, b) => a.slot.number - b.slot.number);
}

/** What was said about a task from a sequence on. */
function statusesOf(id: string, after: number) {
  return watch
    .events('tasks.reported')
    .filter(({ seq }) => seq > after)
    .flatMap(({ event }) => event.statuses.filter((status) => status.id === id));
}

/** Neither stopped nor started again: all that is said of it is that it runs, as the same process. */
function expectOnlyRunning({ id, runId }: Sighting, after: number): void {
  for (const status of statusesOf(id, after)) expect(status).toMatchObject({ state: 'running', runId });
}

describe('an agent', () => {
  beforeAll(() => startNodes(5_000));
  afterAll(() => cluster?.stop());

  it('is refused where another has its directory, which goes on', async () => {
    const sessions = () => new Set(watch.events('node.joined').map(({ event }) => event.session));
    const before = sessions();
    await expect(cluster.startAgent('one', { backend: 'process' })).rejects.toThrow(
      `another agent (process ${agents.one!.pid}) runs with the directory`,
    );
    expect(sessions()).toEqual(before);
    expect(agents.one!.log.filter(({ level }) => level >= 40)).toEqual([]);
  });

  it('gives out what a task has written, and where the task has written it', async () => {
    const command = ['sh', '-c', 'echo to stdout; echo to stderr >&2; exec sleep 600'];
    await cluster.intend(watch, 'create', 'both', { image: 'process', command });
    await watch.until('a task', hasConverged('both', 1));
    for (const args of [
      ['service', 'logs', 'both'],
      ['logs', 'both.1'],
    ]) {
      const shown = () => cluster.run(args);
      await vi.waitUntil(async () => (await shown()).stderr !== '', { timeout: 30_000, interval: 100 });
      expect(await shown()).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^both\.1\.\w+@\w+ +\| to stdout\n$/),
        stderr: expect.stringMatching(/^both\.1\.\w+@\w+ +\| to stderr\n$/),
      });
    }
    await cluster.intend(watch, 'remove', 'both');
    await watch.until('none', isGone('both'));
  });

  it('killed with kill -9 adopts what runs, and reports what has ended meanwhile', async () => {
    await cluster.intend(watch, 'create', 'web', { ...polite, replicas: 9 });
    await watch.until('nine tasks', hasConverged('web', 9));
    const [left, killed, asked] = tasksOn('one', 'web');
    const at = watch.state.head;
    await agents.one!.kill();
    process.kill(Number(killed!.runId), 'SIGKILL');
    process.kill(Number(asked!.runId), 'SIGTERM');
    await start('one');

    const failures = await watch.until('both failures', () => {
      const seen = [killed!, asked!].map(({ id }) =>
        statusesOf(id, at).find(({ state }) => state === 'failed'),
      );
      return seen.every((status) => status !== undefined) && seen;
    });
    expect(failures).toMatchObject([{ exitCode: 137 }, { exitCode: 7 }]);
    const after = await watch.until('nine tasks again', hasConverged('web', 9));
    expect(after).toContainEqual(expect.objectContaining({ id: left!.id, runId: left!.runId }));
    expectOnlyRunning(left!, at);
    expect(isAlive(Number(left!.runId))).toBe(true);
    expect(after.filter(({ generation }) => generation > 1)).toHaveLength(2);
  });

  it('stopped politely leaves its tasks running, and finds them again', async () => {
    await cluster.intend(watch, 'create', 'other', { ...polite, replicas: 3 });
    const before = await watch.until('three tasks', hasConverged('other', 3));
    const [own] = tasksOn('two', 'other');
    expect(await agents.two!.stop()).toEqual({ code: 0, signal: null });
    expect(isAlive(Number(own!.runId))).toBe(true);

    const at = watch.state.head;
    await start('two');
    // One more on each node: its agent is at work again.
    await cluster.intend(watch, 'scale', 'other', { replicas: 6 });
    const after = await watch.until('six tasks', hasConverged('other', 6));
    expect(after.slice(0, 3).map(({ id, runId }) => [id, runId])).toEqual(
      before.map(({ id, runId }) => [id, runId]),
    );
    expectOnlyRunning(own!, at);
    expect(tasksOn('two', 'other')).toHaveLength(2);
  });

  it('started twice, where neither can see the other, gives way to the one that started last, and leaves it the tasks', async () => {
    const own = tasksOn('two', 'web');
    const first = agents.two!;
    await rm(join(cluster.dir, 'nodes', 'two', 'agent.lock'));
    await start('two');
    expect(await first.ended).toEqual({ code: 1, signal: null });
    expect(own.map(({ runId }) => isAlive(Number(runId)))).toEqual(own.map(() => true));
    await cluster.intend(watch, 'remove', 'web');
    await watch.until('its end', isGone('web'));
    expect(own.map(({ runId }) => isAlive(Number(runId)))).toEqual(own.map(() => false));
  });
});

describe('a node', () => {
  beforeAll(() => startNodes(300));
  afterAll(() => cluster?.stop());

  it('that is not heard of any more is suspected, given up and replaced; when it returns, what it still runs is stopped', async () => {
    await cluster.intend(watch, 'create', 'web', { ...polite, replicas: 6 });
    await watch.until('six tasks', hasConverged('web', 6));
    const lost = tasksOn('one', 'web');
    expect(lost).toHaveLength(2);
    const nodeId = await cluster.nodeId('one');
    const at = watch.state.head;
    await agents.one!.kill();

    await watch.until('replacements', ({ state }) => {
      const running = runningTasks(state.serviceByName.get('', 'web'));
      return running.length === 6 && running.every(({ node }) => node!.id !== nodeId);
    });
    const verdicts = watch.events('node.status_changed').filter(({ seq }) => seq > at);
    expect(verdicts.map(({ event }) => [event.nodeId, event.status])).toEqual([
      [nodeId, 'suspect'],
      [nodeId, 'down'],
    ]);
    expect(lost.map(({ runId }) => isAlive(Number(runId)))).toEqual([true, true]);

    await start('one');
    await watch.until('the node', areReady(3));
    await watch.until('the end of its old tasks', hasConverged('web', 6));
    expect(lost.map(({ runId }) => isAlive(Number(runId)))).toEqual([false, false]);
    expect(lost.every(({ id }) => statusesOf(id, at).some(({ state }) => state === 'shutdown'))).toBe(true);
  });
});
