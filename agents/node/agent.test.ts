// The life of a node on which nothing goes wrong.
import { createBackend } from '@muster/backends';
import { nodeDescriptionSchema } from '@muster/model';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createRig, NODE, type Rig, taskIdOf } from './agent.fixture.ts';

const task = taskIdOf(1);
let rig: Rig;
beforeEach(() => {
  rig = createRig();
});

it('fills in templates, and rejects a task whose templates it can not fill in', async () => {
  const backend = await createBackend('simulator', {
    clusterName: 'test',
    nodeId: NODE,
    clock: rig.clock,
    engine: rig.engine,
  });
  const prepare = vi.spyOn(backend, 'prepare');
  await rig.startReady({ backend });
  const env = ['A={{.Service.Name}}.{{.Task.Slot}}', 'B={{.Node.Hostname}} {{.Node.Platform.OS}}'];
  await rig.command(task, 'running', { env });
  await rig.command(taskIdOf(2), 'running', { env: ['A={{.Service.Labels.gone}}'] });
  await rig.clock.advance(1_000);
  expect(prepare.mock.lastCall![0].spec.containerSpec.env).toEqual(['A=web.1', `B=sim-${NODE} linux`]);
  expect(rig.lastStatus(taskIdOf(2))).toMatchObject({
    state: 'rejected',
    err: expect.stringContaining('map has no entry for key "gone"'),
  });
});

describe('joining', () => {
  it('describes the node, with the labels of the agent', async () => {
    await rig.startReady();
    const [joined, ...others] = rig.events();
    expect(others).toEqual([]);
    expect(rig.log.records[0]!.subject).toBe(`muster.event.agent.node.${NODE}`);
    expect(joined).toMatchObject({
      type: 'node.joined',
      nodeId: NODE,
      session: 'session1',
      description: { hostname: `sim-${NODE}`, labels: { disk: 'ssd' }, engine: { backend: 'simulator' } },
    });
    if (joined?.type !== 'node.joined') throw new Error('it did not join');
    nodeDescriptionSchema.parse(joined.description);
  });

  it('waits for the engine', async () => {
    rig.crashEngine({ forMs: 60_000 });
    const agent = await rig.start();
    await rig.clock.advance(59_000);
    expect(rig.events()).toEqual([]);
    expect(rig.heartbeats).toEqual([]);
    expect(agent.health().state).toBe('starting');
    await rig.clock.advance(15_000);
    await agent.ready;
    expect(rig.events().map(({ type }) => type)).toEqual(['node.joined']);
  });

  it('waits for the log', async () => {
    rig.cutOff();
    const agent = await rig.start();
    await rig.clock.advance(300_000);
    expect(rig.events()).toEqual([]);
    expect(agent.health().isCutOff).toBe(true);
    rig.reconnect();
    await rig.clock.advance(0);
    await agent.ready;
    expect(rig.events().map(({ type }) => type)).toEqual(['node.joined']);
  });

  it('refuses an id that is no token of a subject', async () => {
    await expect(rig.start({ nodeId: 'a.b' })).rejects.toThrow('"a.b"');
  });
});

describe('heartbeats', () => {
  it('come at once, then each period', async () => {
    await rig.startReady({ heartbeatMs: 1_000 });
    const start = rig.clock.now();
    await rig.clock.advance(3_500);
    expect(rig.heartbeats.map(({ at }) => at - start)).toEqual([0, 1_000, 2_000, 3_000]);
    expect(new Set(rig.heartbeats.map(({ session }) => session))).toEqual(new Set(['session1']));
  });

  it('are spread by a tenth of the period', async () => {
    const draws = [0, 1, 0.5];
    await rig.startReady({ heartbeatMs: 1_000, random: () => draws.shift() ?? 0.5 });
    const start = rig.clock.now();
    await rig.clock.advance(3_500);
    expect(rig.heartbeats.map(({ at }) => at - start)).toEqual([0, 900, 2_000, 3_000]);
  });

  it('end with the agent', async () => {
    const agent = await rig.startReady();
    await agent.stop();
    await rig.clock.advance(60_000);
    expect(rig.heartbeats).toHaveLength(1);
    expect(rig.clock.pending).toBe(0);
  });
});

describe('a task', () => {
  it('goes from assigned to running', async () => {
    rig = createRig({ behaviour: { prepareDelayMs: 400, startDelayMs: 300 } });
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(200);
    expect(rig.statesOf(task)).toEqual(['preparing']);
    await rig.clock.advance(800);
    expect(rig.statesOf(task)).toEqual(['preparing', 'starting', 'running']);
    expect(rig.lastStatus(task)).toMatchObject({ message: 'started', runId: 'sim-1' });
    expect(rig.presenceOf(task)).toBe('running');
  });

  it('that is quick is reported once', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['running']);
  });

  it('that is wanted once more is reported once more: the log may have lost it', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['running', 'running']);
  });

  it('that is to be ready waits there', async () => {
    await rig.startReady();
    await rig.command(task, 'ready');
    await rig.clock.advance(0);
    expect(rig.statesOf(task)).toEqual(['ready']);
    await rig.clock.advance(60_000);
    expect(rig.presenceOf(task)).toBe('created');
    await rig.command(task, 'running');
    await rig.clock.advance(0);
    expect(rig.statesOf(task)).toEqual(['ready', 'running']);
  });

  it.each([
    [0, 'complete', undefined],
    [3, 'failed', 'task: non-zero exit (3)'],
  ])('that exits with %i is %s', async (code, state, err) => {
    await rig.startReady();
    await rig.command(task, 'running', { env: [`SIM_EXIT_CODE=${code}`, 'SIM_EXIT_AFTER=1m'] });
    await rig.clock.advance(61_000);
    expect(rig.statesOf(task)).toEqual(['running', state]);
    expect(rig.lastStatus(task)).toMatchObject({ exitCode: code, ...(err === undefined ? {} : { err }) });
    expect(rig.presenceOf(task)).toBe('exited');
    await rig.clock.advance(60_000);
    expect(rig.presenceOf(task)).toBe('exited');
  });

  it('that cannot be prepared is rejected, with the reason', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_FAIL=prepare'] });
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['rejected']);
    expect(rig.lastStatus(task)?.err).toMatch('reject');
  });

  it('that does not start has failed, with the reason', async () => {
    const agent = await rig.startReady();
    const ports = [{ protocol: 'tcp', targetPort: 80, publishedPort: 8080, publishMode: 'host' }] as const;
    await rig.command(task, 'running', { ports: [...ports] });
    await rig.command(taskIdOf(2), 'running', { ports: [...ports] });
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(task)?.state).toBe('running');
    expect(rig.lastStatus(taskIdOf(2))).toMatchObject({
      state: 'failed',
      err: 'Bind for 0.0.0.0:8080 failed: port is already allocated',
    });
    expect(agent.health()).toMatchObject({ started: 1, failed: 1 });
  });

  it('is stopped politely when it is to be shut down, and kept', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_STOP_DELAY=2s', 'SIM_STOP_CODE=143'] });
    await rig.clock.advance(0);
    await rig.command(task, 'shutdown');
    await rig.clock.advance(1_900);
    expect(rig.presenceOf(task)).toBe('running');
    await rig.clock.advance(200);
    expect(rig.statesOf(task)).toEqual(['running', 'shutdown']);
    expect(rig.presenceOf(task)).toBe('exited');
  });

  it('is removed when it is to be removed, and forgotten when that is said', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(0);
    await rig.command(task, 'remove');
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['running', 'shutdown']);
    expect(rig.presenceOf(task)).toBeUndefined();
    expect(agent.health().tasks).toBe(1);
    await rig.forget(task);
    await rig.clock.advance(1_000);
    expect(rig.reports().flatMap(({ gone }) => gone)).toEqual([task]);
    expect(agent.health().tasks).toBe(0);
  });

  it('is removed by force when it is forgotten while it runs', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(0);
    await rig.forget(task);
    await rig.clock.advance(1_000);
    expect(rig.presenceOf(task)).toBeUndefined();
    expect(rig.reports().at(-1)?.gone).toEqual([task]);
  });

  it('that is wanted no more before it began is never begun', async () => {
    await rig.startReady();
    await rig.command(task, 'shutdown');
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['shutdown']);
    expect(rig.presenceOf(task)).toBeUndefined();
  });
});

describe('commands', () => {
  it('said twice are done once', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { basis: 7 });
    await rig.clock.advance(1_000);
    const before = rig.log.records.length;
    await rig.command(task, 'running', { basis: 7 });
    await rig.command(task, 'shutdown', { basis: 7 });
    await rig.clock.advance(1_000);
    expect(rig.log.records).toHaveLength(before);
    expect(rig.presenceOf(task)).toBe('running');
  });

  it('of an older basis count for nothing', async () => {
    await rig.startReady();
    await rig.command(task, 'shutdown', { basis: 9 });
    await rig.clock.advance(0);
    await rig.command(task, 'running', { basis: 8 });
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['shutdown']);
    expect(rig.presenceOf(task)).toBeUndefined();
  });

  it('never lower what is wanted', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_STOP_DELAY=5s'] });
    await rig.clock.advance(0);
    await rig.command(task, 'shutdown');
    await rig.command(task, 'running');
    await rig.clock.advance(10_000);
    expect(rig.lastStatus(task)?.state).toBe('shutdown');
  });

  it('that come late do not bring back what was forgotten', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { basis: 3 });
    await rig.clock.advance(0);
    await rig.forget(task);
    await rig.clock.advance(1_000);
    await rig.command(task, 'running', { basis: 2 });
    await rig.clock.advance(1_000);
    expect(rig.presenceOf(task)).toBeUndefined();
    expect(rig.statesOf(task)).toEqual(['running']);
  });

  it('for a task that has ended are answered with how', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_EXIT_CODE=1'] });
    await rig.clock.advance(1_000);
    const before = rig.statesOf(task).length;
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task).slice(before)).toEqual(['failed']);
  });

  it('that make no sense are counted, and the others obeyed', async () => {
    const agent = await rig.startReady();
    await rig.commands.put(NODE, taskIdOf(5), new TextEncoder().encode('{"v":9}'), { expectLastSeq: 0 });
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    expect(agent.health().refusedCommands).toBe(1);
    expect(rig.statesOf(task)).toEqual(['running']);
    expect(rig.lastStatus(taskIdOf(5))).toMatchObject({
      state: 'rejected',
      err: "its command can't be read: type must be task or forget",
    });
  });

  it('that this agent must understand and does not are refused by name', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running', { more: { needs: ['spec.containerSpec.shmSize'] } });
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['rejected']);
    expect(rig.lastStatus(task)?.err).toBe(
      'spec.containerSpec.shmSize: this agent does not know it: upgrade the agent of this node',
    );
    expect(agent.health().refusedCommands).toBe(1);
    await rig.command(task, 'remove', { more: { needs: ['spec.containerSpec.shmSize'] } });
    await rig.forget(task);
    await rig.clock.advance(1_000);
    expect(rig.reports().flatMap(({ gone }) => gone)).toEqual([task]);
  });

  it('that can not be understood still end a task that runs, and one that never began', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    await rig.command(task, 'running', { more: { v: 2 } });
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['running']);
    await rig.command(task, 'shutdown', { more: { v: 2 } });
    await rig.command(taskIdOf(2), 'shutdown', { more: { v: 2 } });
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['running', 'shutdown']);
    expect(rig.statesOf(taskIdOf(2))).toEqual(['shutdown']);
  });

  it('that can not be understood do not end what is there already', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    first.kill();
    await rig.command(task, 'running', { more: { v: 2 } });
    const other = createRig();
    await rig.startReady({ storage: other.storage, log: other.log.client('agent') });
    await rig.clock.advance(1_000);
    expect(other.statesOf(task)).toEqual(['running']);
  });

  it('for something never heard of are answered with gone', async () => {
    await rig.startReady();
    await rig.forget(task);
    await rig.clock.advance(1_000);
    expect(rig.reports().flatMap(({ gone }) => gone)).toEqual([task]);
  });
});

describe('the backend', () => {
  it('is given so many starts at once, first come first served', async () => {
    rig = createRig({ behaviour: { prepareDelayMs: 100, startDelayMs: 100 } });
    await rig.startReady({ maxConcurrentStarts: 4 });
    const tasks = Array.from({ length: 10 }, (_, index) => taskIdOf(index + 1));
    for (const id of tasks) await rig.command(id, 'running');
    const running = () => tasks.filter((id) => rig.presenceOf(id) === 'running');
    await rig.clock.advance(150);
    expect([...rig.engine.states()]).toHaveLength(4);
    await rig.clock.advance(60);
    expect(running()).toEqual(tasks.slice(0, 4));
    await rig.clock.advance(200);
    expect(running()).toEqual(tasks.slice(0, 8));
    await rig.clock.advance(200);
    expect(running()).toEqual(tasks);
  });

  it('is given stops beside starts', async () => {
    rig = createRig({ behaviour: { startDelayMs: 1_000 } });
    await rig.startReady({ maxConcurrentStarts: 1, maxConcurrentStops: 1 });
    await rig.command(task, 'running');
    await rig.clock.advance(1_100);
    await rig.command(taskIdOf(2), 'running');
    await rig.command(taskIdOf(3), 'running');
    await rig.command(task, 'shutdown');
    await rig.clock.advance(100);
    expect(rig.lastStatus(task)?.state).toBe('shutdown');
  });

  it('is asked again when preparing fails for a passing reason, then no more', async () => {
    let asked = 0;
    const backend = await failing(rig, 'prepare', () => {
      asked += 1;
      return asked <= 3 ? new Error('registry: 503') : undefined;
    });
    await rig.startReady({ backend });
    await rig.command(task, 'running');
    await rig.clock.advance(500);
    expect(asked).toBe(1);
    await rig.clock.advance(60_000);
    expect(asked).toBe(4);
    expect(rig.lastStatus(task)?.state).toBe('running');
  });

  it('is not asked for ever', async () => {
    const backend = await failing(rig, 'prepare', () => new Error('registry: 503'));
    await rig.startReady({ backend });
    await rig.command(task, 'running');
    await rig.clock.advance(120_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'rejected', err: 'registry: 503' });
    await rig.command(task, 'remove');
    await rig.clock.advance(1_000);
    expect(rig.clock.pending).toBe(2);
  });

  it('need not have prepared a task for it to be shut down', async () => {
    const backend = await failing(rig, 'prepare', () => new Error('registry: 503'));
    await rig.startReady({ backend });
    await rig.command(task, 'running');
    await rig.clock.advance(1_500);
    await rig.command(task, 'shutdown');
    await rig.clock.advance(0);
    expect(rig.lastStatus(task)?.state).toBe('shutdown');
  });

  it('is asked to stop a task until it has', async () => {
    let asked = 0;
    const backend = await failing(rig, 'stop', () => {
      asked += 1;
      return asked <= 10 ? new Error('cannot kill container') : undefined;
    });
    await rig.startReady({ backend });
    await rig.command(task, 'running');
    await rig.clock.advance(0);
    await rig.command(task, 'shutdown');
    await rig.clock.advance(100_000);
    expect(rig.statesOf(task)).toEqual(['running']);
    await rig.clock.advance(300_000);
    expect(rig.lastStatus(task)?.state).toBe('shutdown');
  });
});

/** The simulator, but for one call that may fail. */
async function failing({ clock, engine }: Rig, call: 'prepare' | 'stop', failure: () => Error | undefined) {
  const { createBackend } = await import('@muster/backends');
  const backend = await createBackend('simulator', { clusterName: 'test', nodeId: NODE, clock, engine });
  return new Proxy(backend, {
    get(target, property) {
      const value = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const error = property === call ? failure() : undefined;
        return error ? Promise.reject(error) : value.apply(target, args);
      };
    },
  });
}
