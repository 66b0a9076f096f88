// What an agent does with what it finds when it starts again: after its own death, the engine's, or both.
import { beforeEach, describe, expect, it } from 'vitest';
import { createRig, NODE, type Rig, taskIdOf } from './agent.fixture.ts';
import { createMemoryStorage } from './disk/storage.ts';

const task = taskIdOf(1);
let rig: Rig;
beforeEach(() => {
  rig = createRig();
});

/** States reported by the agent's later sessions. */
function statesSince(session: string, taskId = task): string[] {
  return rig
    .reports()
    .filter((event) => event.session === session)
    .flatMap(({ statuses }) => statuses.filter(({ id }) => id === taskId).map(({ state }) => state));
}

function runsOf(taskId: string): string[] {
  return [...rig.engine.states()].filter((state) => state.taskId === taskId).map(({ runId }) => runId);
}

describe('after a kill', () => {
  it('adopts what runs, and restarts nothing', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    const runs = runsOf(task);
    first.kill();
    await rig.clock.advance(60_000);
    expect(rig.presenceOf(task)).toBe('running');
    await rig.startReady();
    await rig.clock.advance(60_000);
    expect(rig.presenceOf(task)).toBe('running');
    expect(runsOf(task)).toEqual(runs);
    expect(statesSince('session2')).toEqual(['running']);
  });

  it('reports what ended meanwhile, with exit code and time', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_EXIT_AFTER=10s', 'SIM_EXIT_CODE=9'] });
    await rig.clock.advance(1_000);
    const startedAt = rig.clock.now() - 1_000;
    first.kill();
    await rig.clock.advance(60_000);
    await rig.startReady();
    await rig.clock.advance(0);
    expect(rig.lastStatus(task)).toMatchObject({
      state: 'failed',
      exitCode: 9,
      err: 'task: non-zero exit (9)',
      at: startedAt + 10_000,
    });
  });

  it('begins where it was: a task that was only prepared is started', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'ready');
    await rig.clock.advance(1_000);
    first.kill();
    await rig.command(task, 'running');
    await rig.startReady();
    await rig.clock.advance(1_000);
    expect(runsOf(task)).toEqual(['sim-1']);
    expect(rig.lastStatus(task)?.state).toBe('running');
  });

  it('begins where it was: a task whose start was under way is started once', async () => {
    rig = createRig({ behaviour: { startDelayMs: 500 } });
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(200);
    first.kill();
    await rig.startReady();
    await rig.clock.advance(1_000);
    expect(runsOf(task)).toEqual(['sim-1']);
    expect(rig.lastStatus(task)?.state).toBe('running');
  });

  it('keeps how a task ended, and says it again', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_EXIT_CODE=0'] });
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'complete', exitCode: 0 });
    first.kill();
    // Being shut down now must not become its end.
    await rig.command(task, 'shutdown');
    await rig.startReady();
    await rig.clock.advance(1_000);
    expect(statesSince('session2')).toEqual(['complete']);
  });

  it('stops what it is told to stop, and nothing else', async () => {
    const first = await rig.startReady();
    for (const slot of [1, 2]) await rig.command(taskIdOf(slot), 'running');
    await rig.clock.advance(1_000);
    first.kill();
    await rig.command(task, 'shutdown');
    await rig.startReady();
    await rig.clock.advance(1_000);
    expect(rig.presenceOf(task)).toBe('exited');
    expect(rig.presenceOf(taskIdOf(2))).toBe('running');
    expect(statesSince('session2').at(-1)).toBe('shutdown');
    expect(statesSince('session2', taskIdOf(2))).toEqual(['running']);
  });

  it('judges nothing before all commands are read', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_EXIT_AFTER=10s', 'SIM_EXIT_CODE=143'] });
    await rig.clock.advance(1_000);
    first.kill();
    await rig.clock.advance(60_000);
    await rig.command(task, 'shutdown');
    await rig.startReady();
    await rig.clock.advance(1_000);
    expect(statesSince('session2')).toEqual(['shutdown']);
    expect(rig.lastStatus(task)?.exitCode).toBe(143);
  });
});

describe('containers without a command', () => {
  it('run on and are reported, so that the cluster can say forget', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.command(taskIdOf(2), 'running', { env: ['SIM_EXIT_CODE=1'] });
    await rig.clock.advance(1_000);
    first.kill();
    const other = createRig();
    const agent = await rig.startReady({ commands: other.commands, storage: createMemoryStorage() });
    await rig.clock.advance(600_000);
    expect(rig.presenceOf(task)).toBe('running');
    expect(statesSince('session2')).toEqual(['running']);
    expect(statesSince('session2', taskIdOf(2))).toEqual(['failed']);
    await other.forget(task);
    await rig.clock.advance(1_000);
    expect(rig.presenceOf(task)).toBeUndefined();
    expect(rig.reports().at(-1)?.gone).toEqual([task]);
    expect(agent.health().tasks).toBe(1);
  });
});

describe('containers that are gone', () => {
  it('of a task that ran: it has failed, and is not started again', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    first.kill();
    rig.crashEngine({ tasks: 'lost', forMs: 10 });
    await rig.clock.advance(1_000);
    await rig.startReady();
    await rig.clock.advance(60_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', err: 'task: the container is gone' });
    expect([...rig.engine.states()]).toEqual([]);
  });

  it('of a task that was never started: it is prepared anew', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'ready');
    await rig.clock.advance(1_000);
    first.kill();
    rig.crashEngine({ tasks: 'lost', forMs: 10 });
    await rig.clock.advance(1_000);
    await rig.command(task, 'running');
    await rig.startReady();
    await rig.clock.advance(60_000);
    expect(rig.presenceOf(task)).toBe('running');
  });

  it('with the storage lost too: the node finds in its own events what ran', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    first.kill();
    rig.crashEngine({ tasks: 'lost', forMs: 10 });
    await rig.clock.advance(1_000);
    rig.storage = createMemoryStorage();
    await rig.startReady();
    await rig.clock.advance(60_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', err: 'task: the container is gone' });
    expect([...rig.engine.states()]).toEqual([]);
  });

  it('with the storage unreadable: the same', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    first.kill();
    rig.crashEngine({ tasks: 'lost', forMs: 10 });
    await rig.clock.advance(1_000);
    await rig.storage.save({ v: 99 });
    await rig.startReady();
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(task)?.state).toBe('failed');
  });

  it('are not started before it is on record that they may have run', async () => {
    let isFull = true;
    const kept = createMemoryStorage();
    rig.storage = {
      ...kept,
      save: (value) => (isFull ? Promise.reject(new Error('ENOSPC')) : kept.save(value)),
    };
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(120_000);
    expect(rig.presenceOf(task)).toBe('created');
    isFull = false;
    await rig.clock.advance(30_000);
    expect(rig.presenceOf(task)).toBe('running');
    expect(JSON.stringify(await kept.load())).toContain(task);
  });
});

describe('an engine that restarts under the agent', () => {
  it('and ends its containers: they have failed, with exit codes', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(60_000);
    rig.crashEngine({ tasks: 'killed', forMs: 5_000 });
    await rig.clock.advance(4_000);
    expect(rig.statesOf(task)).toEqual(['running']);
    await rig.clock.advance(20_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', exitCode: 137 });
  });

  it('and keeps its containers: nothing is said of them', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(60_000);
    rig.crashEngine({ tasks: 'kept', forMs: 5_000 });
    await rig.clock.advance(1_000);
    expect(agent.health()).toMatchObject({
      engineLostSince: expect.any(Number),
      engineLostWhy: expect.stringMatching(/./),
    });
    await rig.clock.advance(20_000);
    expect(agent.health()).toMatchObject({ engineLostSince: undefined, engineLostWhy: undefined });
    expect(rig.statesOf(task)).toEqual(['running']);
    // It is heard of again.
    rig.engine.kill(task, 1);
    await rig.clock.advance(0);
    expect(rig.lastStatus(task)?.state).toBe('failed');
  });

  it('and loses its containers: those that ran have failed, the others are made anew', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.command(taskIdOf(2), 'ready');
    await rig.clock.advance(60_000);
    rig.crashEngine({ tasks: 'lost', forMs: 5_000 });
    await rig.clock.advance(20_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', err: 'task: the container is gone' });
    expect(rig.presenceOf(taskIdOf(2))).toBe('created');
  });

  it('in the middle of starts: each task runs once, or has failed', async () => {
    rig = createRig({ behaviour: { prepareDelayMs: 100, startDelayMs: 100 } });
    await rig.startReady();
    const tasks = Array.from({ length: 40 }, (_, index) => taskIdOf(index + 1));
    for (const id of tasks) await rig.command(id, 'running');
    await rig.clock.advance(350);
    rig.crashEngine({ tasks: 'killed', forMs: 3_000 });
    await rig.clock.advance(120_000);
    const states = tasks.map((id) => rig.lastStatus(id)?.state);
    expect(states.filter((state) => state === 'failed')).toHaveLength(16);
    expect(states.filter((state) => state === 'running')).toHaveLength(24);
    for (const id of tasks) expect(runsOf(id)).toHaveLength(1);
  });

  it('does not make the node act while it is away', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(60_000);
    rig.crashEngine({ tasks: 'kept', forMs: 5_000 });
    await rig.clock.advance(1_000);
    await rig.command(task, 'shutdown');
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['running']);
    await rig.clock.advance(20_000);
    expect(rig.statesOf(task)).toEqual(['running', 'shutdown']);
  });

  it('silences the node when it stays away, and no sooner', async () => {
    await rig.startReady();
    await rig.clock.advance(60_000);
    rig.crashEngine({ tasks: 'kept' });
    const lostAt = rig.clock.now();
    await rig.clock.advance(120_000);
    const last = rig.heartbeats.at(-1)!.at - lostAt;
    expect(last).toBeGreaterThan(20_000);
    expect(last).toBeLessThanOrEqual(30_000);
    rig.engine.recover();
    await rig.clock.advance(20_000);
    expect(rig.heartbeats.at(-1)!.at).toBeGreaterThan(lostAt + 120_000);
  });

  it('and is another one then: the node describes itself anew', async () => {
    let version = '1';
    const { createBackend } = await import('@muster/backends');
    const { clock, engine } = rig;
    const backend = await createBackend('simulator', { clusterName: 'test', nodeId: NODE, clock, engine });
    const { describe: ask } = backend;
    backend.describe = async () => {
      const description = await ask.call(backend);
      return { ...description, engine: { ...description.engine, version } };
    };
    await rig.startReady({ backend });
    await rig.clock.advance(60_000);
    rig.crashEngine({ forMs: 1_000 });
    await rig.clock.advance(60_000);
    expect(rig.events().map(({ type }) => type)).toEqual(['node.joined']);
    version = '2';
    rig.crashEngine({ forMs: 1_000 });
    await rig.clock.advance(60_000);
    const joins = rig.events().flatMap((event) => (event.type === 'node.joined' ? [event] : []));
    expect(joins.map(({ description }) => description.engine.version)).toEqual(['1', '2']);
    expect(joins.map(({ session }) => session)).toEqual(['session1', 'session1']);
  });
});

describe('stopping', () => {
  it('leaves containers running, and reports what was under way', async () => {
    rig = createRig({ behaviour: { startDelayMs: 300 } });
    const agent = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(100);
    const stopped = agent.stop();
    await rig.clock.advance(1_000);
    await stopped;
    await expect(agent.ended).resolves.toBeUndefined();
    expect(rig.presenceOf(task)).toBe('running');
    expect(agent.health().state).toBe('ended');
    await rig.command(task, 'shutdown');
    await rig.clock.advance(60_000);
    expect(rig.presenceOf(task)).toBe('running');
    expect(rig.clock.pending).toBe(0);
  });

  it('does not wait for ever', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(0);
    rig.cutOff();
    rig.engine.kill(task, 1);
    const stopped = agent.stop();
    await rig.clock.advance(10_000);
    await stopped;
  });

  it('works before it has joined', async () => {
    rig.cutOff();
    const agent = await rig.start();
    await rig.clock.advance(1_000);
    await agent.stop();
    await expect(agent.ready).rejects.toThrow('stopped');
    rig.reconnect();
    await rig.clock.advance(60_000);
    expect(rig.events()).toEqual([]);
    expect(rig.clock.pending).toBe(0);
  });
});
