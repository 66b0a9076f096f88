// What an agent does while it is cut off, when the log answers in doubt, and when somebody else has its identity.
import { BackendUnavailableError, createBackend } from '@muster/backends';
import { LogUnavailableError } from '@muster/log';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRig, NODE, type Rig, taskIdOf } from './agent.fixture.ts';
import { REPORT_LIMIT } from './reporter.ts';
import { createMemoryStorage } from './storage.ts';

const task = taskIdOf(1);
let rig: Rig;
beforeEach(() => {
  rig = createRig();
});

describe('an outage of the bus', () => {
  it('stops no container, and loses no report', async () => {
    const agent = await rig.startReady();
    for (const slot of [1, 2, 3]) await rig.command(taskIdOf(slot), 'running');
    await rig.clock.advance(1_000);
    rig.cutOff();
    rig.engine.kill(taskIdOf(2), 3);
    await rig.clock.advance(30_000);
    rig.engine.kill(taskIdOf(3), 4);
    const killedAt = rig.clock.now();
    await rig.clock.advance(270_000);
    expect(rig.presenceOf(task)).toBe('running');
    expect(agent.health()).toMatchObject({ isCutOff: true, waitingReports: 2 });
    expect(rig.heartbeats.at(-1)!.at).toBeLessThan(rig.clock.now() - 290_000);

    await rig.command(task, 'shutdown');
    rig.reconnect();
    await rig.clock.advance(100);
    expect(rig.statesOf(taskIdOf(2))).toEqual(['running', 'failed']);
    expect(rig.lastStatus(taskIdOf(3))).toMatchObject({ state: 'failed', exitCode: 4, at: killedAt });
    expect(rig.statesOf(task)).toEqual(['running', 'shutdown']);
    expect(rig.heartbeats.at(-1)!.at).toBeGreaterThan(rig.clock.now() - 1_000);
    expect(agent.health()).toMatchObject({ isCutOff: false, waitingReports: 0 });
  });

  it('costs one status for each task, however long it is', async () => {
    rig = createRig({ behaviour: { prepareDelayMs: 10_000, startDelayMs: 10_000, exitAfterMs: 10_000 } });
    const agent = await rig.startReady();
    rig.cutOff();
    await rig.command(task, 'running');
    await rig.clock.advance(60_000);
    // One under way, and one that waits behind it.
    expect(agent.health().waitingReports).toBe(2);
    rig.reconnect();
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['preparing', 'complete']);
  });
});

describe('an engine that hangs', () => {
  it('is said with the heartbeats at once, and so is that it answers again; tasks keep their state', async () => {
    const backend = await createBackend('simulator', {
      clusterName: 'test',
      nodeId: NODE,
      clock: rig.clock,
      engine: rig.engine,
    });
    let hangs = false;
    const away = new BackendUnavailableError('no answer');
    const describeIt = backend.describe.bind(backend);
    const answers = async () => {
      if (hangs) throw away;
    };
    const agent = await rig.startReady({
      backend: Object.assign(backend, {
        ping: answers,
        describe: async () => {
          await answers();
          return describeIt();
        },
      }),
    });
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    hangs = true;
    await rig.clock.advance(2_500);
    expect(rig.heartbeats.at(-1)).toMatchObject({ engine: 'silent' });
    expect(agent.health().engineLostSince).toBeGreaterThan(0);
    await rig.command(taskIdOf(2), 'running');
    await rig.clock.advance(10_000);
    expect(rig.heartbeats.at(-1)).toMatchObject({ engine: 'silent' });
    hangs = false;
    await rig.clock.advance(10_000);
    expect(rig.heartbeats.at(-1)).not.toHaveProperty('engine');
    expect(rig.statesOf(task)).toEqual(['running']);
    expect(rig.presenceOf(taskIdOf(2))).toBe('running');
  });
});

describe('a log that is full', () => {
  it('has nothing begun that could not be told of, until there is room', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    rig.intercept = async () => {
      throw new LogUnavailableError('no room', { isFull: true });
    };
    // What was begun before goes its way, and is what can't be told.
    rig.engine.kill(task, 3);
    await rig.clock.advance(1_000);
    await rig.command(taskIdOf(2), 'running');
    await rig.clock.advance(60_000);
    expect(rig.presenceOf(taskIdOf(2))).toBeUndefined();
    expect(agent.health()).toMatchObject({ isCutOff: true });

    rig.intercept = async (_append, store) => store();
    await rig.clock.advance(15_000);
    expect(rig.statesOf(task)).toEqual(['running', 'failed']);
    expect(rig.presenceOf(taskIdOf(2))).toBe('running');
    expect(rig.lastStatus(taskIdOf(2))).toMatchObject({ state: 'running' });
  });
});

describe('an append in doubt', () => {
  it('that was stored is not stored again', async () => {
    await rig.startReady();
    rig.intercept = async (_append, store) => {
      store();
      rig.intercept = async (_next, storeNext) => storeNext();
      throw new LogUnavailableError('no answer');
    };
    await rig.command(task, 'running');
    await rig.clock.advance(60_000);
    expect(rig.statesOf(task)).toEqual(['running']);
    rig.engine.kill(task, 1);
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['running', 'failed']);
  });

  it('that was not stored is stored', async () => {
    await rig.startReady();
    rig.intercept = async () => {
      rig.intercept = async (_next, storeNext) => storeNext();
      throw new LogUnavailableError('no answer');
    };
    await rig.command(task, 'running');
    await rig.clock.advance(60_000);
    expect(rig.statesOf(task)).toEqual(['running']);
  });

  it('of the join itself is not stored twice', async () => {
    rig.intercept = async (_append, store) => {
      store();
      rig.intercept = async (_next, storeNext) => storeNext();
      throw new LogUnavailableError('no answer');
    };
    const agent = await rig.start();
    await rig.clock.advance(10_000);
    await agent.ready;
    expect(rig.events().map(({ type }) => type)).toEqual(['node.joined']);
  });
});

describe('reports', () => {
  it('of one moment are one event', async () => {
    await rig.startReady();
    const tasks = Array.from({ length: 50 }, (_, index) => taskIdOf(index + 1));
    for (const id of tasks) await rig.command(id, 'ready');
    await rig.clock.advance(1_000);
    const before = rig.reports().length;
    for (const id of tasks) await rig.command(id, 'shutdown');
    await rig.clock.advance(1_000);
    expect(rig.reports().length - before).toBeLessThanOrEqual(2);
    expect(tasks.every((id) => rig.lastStatus(id)?.state === 'shutdown')).toBe(true);
  });

  it('that gather while one is under way go together', async () => {
    await rig.startReady();
    const tasks = Array.from({ length: 20 }, (_, index) => taskIdOf(index + 1));
    rig.intercept = async (_append, store) => {
      await new Promise<void>((resolve) => rig.clock.schedule(1_000, resolve));
      return store();
    };
    for (const id of tasks) await rig.command(id, 'running');
    await rig.clock.advance(3_000);
    for (const id of tasks) rig.engine.kill(id, 1);
    await rig.clock.advance(5_000);
    expect(tasks.every((id) => rig.lastStatus(id)?.state === 'failed')).toBe(true);
    expect(rig.reports().length).toBeLessThanOrEqual(5);
  });

  it('are never larger than the log takes', async () => {
    const agent = await rig.startReady();
    const count = REPORT_LIMIT + 500;
    for (let slot = 1; slot <= count; slot += 1) await rig.command(taskIdOf(slot), 'running');
    rig.cutOff();
    await rig.clock.advance(1_000);
    expect(agent.health().waitingReports).toBe(count);
    rig.reconnect();
    await rig.clock.advance(10_000);
    const sizes = rig.reports().map(({ statuses }) => statuses.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(REPORT_LIMIT);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
  });

  it('that the log finds too large are cut in two', async () => {
    rig = createRig({ behaviour: { exitCode: 1 } });
    await rig.startReady();
    rig.cutOff();
    const tasks = Array.from({ length: 40 }, (_, index) => taskIdOf(index + 1));
    for (const id of tasks) await rig.command(id, 'running');
    await rig.clock.advance(1_000);
    rig.intercept = async ({ data, subject }, store) => {
      const { RecordTooLargeError } = await import('@muster/log');
      if (data.length > 2_000) throw new RecordTooLargeError(subject, data.length, 2_000);
      return store();
    };
    rig.buses.reconnect('agent');
    await rig.clock.advance(10_000);
    expect(tasks.every((id) => rig.lastStatus(id)?.state === 'failed')).toBe(true);
    expect(rig.reports().length).toBeGreaterThan(2);
  });
});

describe('two agents with one identity', () => {
  it('the later one holds the node; the earlier one notices at its next report, and stops acting', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    const twin = createRig();
    await twin.clock.advance(rig.clock.now() - twin.clock.now());
    const second = await rig.startReady({ storage: createMemoryStorage() });
    await rig.clock.advance(10_000);
    const error = await first.ended;
    expect(error?.message).toMatch('two agents have the same identity');
    expect(error?.message).toMatch('session2');
    expect(first.health().state).toBe('ended');
    expect(second.health().state).toBe('running');
    expect(rig.presenceOf(task)).toBe('running');
    await rig.clock.advance(60_000);
    expect(rig.heartbeats.slice(-5).map(({ session }) => session)).toEqual(Array(5).fill('session2'));
  });

  it('is noticed without any report, by the heartbeats', async () => {
    const first = await rig.startReady();
    await rig.startReady({ storage: createMemoryStorage() });
    await rig.clock.advance(6_000);
    await expect(first.ended).resolves.toMatchObject({ name: 'DisplacedError' });
  });

  it('is noticed without heartbeats, at the next report', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    const second = await rig.startReady({ storage: createMemoryStorage(), bus: createRig().bus });
    rig.buses.disconnect('agent');
    rig.engine.kill(task, 1);
    await rig.clock.advance(1_000);
    await expect(first.ended).resolves.toMatchObject({ name: 'DisplacedError' });
    expect(second.health().state).toBe('running');
    expect(rig.statesOf(task).filter((state) => state === 'failed')).toHaveLength(1);
  });

  it('is not taken for one when a killed agent is followed by another', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    first.kill();
    const second = await rig.startReady();
    await rig.clock.advance(60_000);
    expect(second.health().state).toBe('running');
  });
});

describe('another log', () => {
  it('is joined like the first one', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    first.kill();
    const other = createRig();
    await rig.startReady({ log: other.log, commands: other.commands });
    await rig.clock.advance(1_000);
    expect(other.events().map(({ type }) => type)).toEqual(['node.joined', 'tasks.reported']);
    expect(rig.presenceOf(task)).toBe('running');
  });
});
