// The simulator under the contract, and what it alone can do: scripts, chance, and faults on demand.
import { describe, expect, it } from 'vitest';
import { type BackendRig, makeOrder, type SpecInput, testBackend } from '../backend.contract.ts';
import { BackendUnavailableError, RejectedError, type RunState } from '../backend.ts';
import { HastyClock } from './hasty-clock.fixture.ts';
import { SimulatedEngine, type SimulatedEngineOptions } from './simulated-engine.ts';
import { SimulatorBackend } from './simulator-backend.ts';

const simulate = (variables: Record<string, string> = {}, more = {}): SpecInput => ({
  containerSpec: {
    image: 'anything',
    env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...more,
  },
});

testBackend('simulator', async (): Promise<BackendRig> => {
  const clock = new HastyClock();
  const engine = new SimulatedEngine({ clock });
  const connect = async (nodeId: string, clusterName = 'contract') =>
    new SimulatorBackend({ clusterName, nodeId, clock, engine });
  return {
    connect,
    recipes: {
      untilStopped: simulate({ SIM_PRINT: 'ready' }),
      stubborn: simulate({ SIM_PRINT: 'ready', SIM_STOP_DELAY: '1h' }, { stopGracePeriod: '1s' }),
      exits: (exitCode) => simulate({ SIM_EXIT_AFTER: '50ms', SIM_EXIT_CODE: String(exitCode) }),
      prints: (lines) => simulate({ SIM_PRINT: ['2>oops', ...lines].join('\n'), SIM_PRINT_EVERY: '50ms' }),
      impossible: { spec: simulate({ SIM_FAIL: 'prepare' }), reason: /told to reject/ },
      broken: { spec: simulate({ SIM_FAIL: 'start' }), reason: /told to fail this start/ },
      exec: { hello: ['echo', 'hello'], exit3: ['exit', '3'] },
    },
    async plantForeign() {
      const foreign = await connect('node-one', 'another');
      const order = makeOrder(simulate(), 'node-one', 1);
      await foreign.prepare(order);
      await foreign.start(order.identity.taskId);
      return {
        isUntouched: async () => (await foreign.inspect(order.identity.taskId))?.status === 'running',
        clear: () => foreign.remove(order.identity.taskId),
      };
    },
    async restart(taskId) {
      await new Promise<void>((resolve) => clock.schedule(5, resolve));
      engine.restart(taskId);
    },
    findTraces: async (taskId) =>
      [...engine.states()].filter((state) => state.taskId === taskId).map((state) => state.runId),
    dispose: async () => {},
  };
});

interface Machine {
  readonly clock: HastyClock;
  readonly engine: SimulatedEngine;
  readonly backend: SimulatorBackend;
  readonly changes: RunState[];
  readonly losses: Error[];
  start(spec: SpecInput, slot?: number): Promise<string>;
  watch(): Promise<void>;
}

async function setUp(options: Partial<SimulatedEngineOptions> = {}): Promise<Machine> {
  const clock = new HastyClock();
  const engine = new SimulatedEngine({ clock, ...options });
  const backend = new SimulatorBackend({ clusterName: 'c', nodeId: 'n', clock, engine });
  const changes: RunState[] = [];
  const losses: Error[] = [];
  const watch = async () => {
    await backend.watch({ onChange: (state) => changes.push(state), onLost: (error) => losses.push(error) });
  };
  await watch();
  const start = async (spec: SpecInput, slot = 1) => {
    const order = makeOrder(spec, 'n', slot);
    await backend.prepare(order);
    await backend.start(order.identity.taskId);
    return order.identity.taskId;
  };
  return { clock, engine, backend, changes, losses, start, watch };
}

const pass = (clock: HastyClock, delayMs: number) =>
  new Promise<void>((resolve) => {
    clock.schedule(delayMs, resolve);
  });

describe('behaviour of simulated tasks', () => {
  it('takes the time it is told to', async () => {
    const { clock, backend, start } = await setUp();
    const before = clock.now();
    const taskId = await start(
      simulate({ SIM_PREPARE_DELAY: '2s', SIM_START_DELAY: '500ms', SIM_EXIT_AFTER: '1m' }),
    );
    expect(clock.now() - before).toBe(2_500);
    await pass(clock, 60_000);
    expect(await backend.inspect(taskId)).toMatchObject({
      status: 'exited',
      exitCode: 0,
      startedAt: before + 2_500,
      finishedAt: before + 62_500,
    });
  });

  it('puts the variables of a task over the script, and that over the defaults', async () => {
    const { clock, backend, start } = await setUp({
      behaviour: { exitAfterMs: 10, exitCode: 1, stopExitCode: 9 },
      script: ({ identity }) => (identity.slot > 1 ? { exitCode: 2 } : undefined),
    });
    const plain = await start(simulate(), 1);
    const scripted = await start(simulate(), 2);
    const own = await start(simulate({}, { labels: { SIM_EXIT_CODE: '3' } }), 3);
    await pass(clock, 11);
    const codes = await Promise.all(
      [plain, scripted, own].map(async (id) => (await backend.inspect(id))?.exitCode),
    );
    expect(codes).toEqual([1, 2, 3]);
  });

  it.each([
    [{ SIM_EXIT_AFTER: 'soon' }, /SIM_EXIT_AFTER: .*"soon"/],
    [{ SIM_EXIT_CODE: '256' }, /SIM_EXIT_CODE: .*"256"/],
    [{ SIM_FAIL: '1.5' }, /SIM_FAIL: .*"1.5"/],
    [{ SIM_EXIT_ON: '1s' }, /SIM_EXIT_ON: the simulator knows only SIM_PREPARE_DELAY/],
  ])('rejects %j', async (variables, reason) => {
    const { start } = await setUp();
    const error = await start(simulate(variables)).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(RejectedError);
    expect(error.message).toMatch(reason);
  });

  it('draws the same fate for a task from the same seed, in whatever order tasks come', async () => {
    const draw = async (seed: number, slots: readonly number[]) => {
      const { start } = await setUp({ seed, behaviour: { odds: { startFails: 0.3 } } });
      const failed: number[] = [];
      for (const slot of slots) await start(simulate(), slot).catch(() => failed.push(slot));
      return failed.sort((a, b) => a - b);
    };
    const slots = Array.from({ length: 200 }, (_, index) => index + 1);
    const first = await draw(1, slots);
    expect(await draw(1, slots.toReversed())).toEqual(first);
    expect(await draw(2, slots)).not.toEqual(first);
    expect(first.length).toBeGreaterThan(40);
    expect(first.length).toBeLessThan(80);
  });

  it('crashes tasks by chance, within the time given', async () => {
    const { clock, changes, start } = await setUp({
      behaviour: { odds: { crashes: 1, crashWithinMs: 1_000 } },
    });
    await start(simulate());
    await pass(clock, 1_000);
    expect(changes.at(-1)).toMatchObject({ status: 'exited', exitCode: 1 });
  });

  it('binds a port once, as an engine does', async () => {
    const { backend } = await setUp();
    const ports = [{ protocol: 'tcp', targetPort: 80, publishedPort: 8080 } as const];
    const [one, two, three] = [1, 2, 3].map((slot) => ({ ...makeOrder(simulate(), 'n', slot), ports }));
    for (const order of [one!, two!, three!]) await backend.prepare(order);
    await backend.start(one!.identity.taskId);
    await expect(backend.start(two!.identity.taskId)).rejects.toThrow('port is already allocated');
    await backend.stop(one!.identity.taskId);
    expect(await backend.start(three!.identity.taskId)).toMatchObject({ status: 'running' });
  });

  it('asks the clock for nothing when nothing is scripted', async () => {
    const { clock, backend, start } = await setUp();
    const taskId = await start(simulate());
    await backend.stop(taskId);
    expect(clock.pending).toBe(0);
  });
});

describe('faults of a simulated engine', () => {
  it('kills its tasks in a crash, and tells the loss once', async () => {
    const { engine, backend, changes, losses, start, watch } = await setUp();
    const taskId = await start(simulate());
    engine.crash();
    await expect(backend.describe()).rejects.toThrow(BackendUnavailableError);
    await expect(backend.list()).rejects.toThrow(BackendUnavailableError);
    expect(losses).toHaveLength(1);
    engine.recover();
    await watch();
    expect(await backend.list()).toMatchObject([{ taskId, status: 'exited', exitCode: 137 }]);
    expect(changes.map(({ status }) => status)).toEqual(['running']);
    expect(losses).toHaveLength(1);
  });

  it('keeps its tasks, or loses them with the disk, when told', async () => {
    const { clock, engine, backend, start } = await setUp();
    const taskId = await start(simulate());
    engine.crash({ tasks: 'kept', forMs: 5_000 });
    await expect(backend.list()).rejects.toThrow(BackendUnavailableError);
    await pass(clock, 5_000);
    expect(await backend.list()).toMatchObject([{ taskId, status: 'running' }]);
    engine.crash({ tasks: 'lost' });
    engine.recover();
    expect(await backend.list()).toEqual([]);
  });

  it('breaks off what is under way', async () => {
    const { clock, engine, backend, start } = await setUp();
    clock.schedule(1_000, () => engine.crash());
    await expect(start(simulate({ SIM_START_DELAY: '1h' }))).rejects.toThrow(BackendUnavailableError);
    engine.recover();
    expect((await backend.list()).map(({ status }) => status)).toEqual(['created']);
    expect(clock.pending).toBe(0);
  });

  it('hangs: answers and tells nothing until it recovers, then both', async () => {
    const { clock, engine, backend, changes, start } = await setUp();
    const taskId = await start(simulate({ SIM_EXIT_AFTER: '1s' }));
    engine.hang({ forMs: 10_000 });
    const answer = backend.inspect(taskId);
    await pass(clock, 9_000);
    expect(changes.map(({ status }) => status)).toEqual(['running']);
    const hungAt = clock.now();
    expect(await answer).toMatchObject({ status: 'exited' });
    expect(clock.now() - hungAt).toBe(1_000);
    expect(changes.map(({ status }) => status)).toEqual(['running', 'exited']);
  });

  it('recovers from the last fault, not from one before it', async () => {
    const { clock, engine, backend } = await setUp();
    engine.hang({ forMs: 1_000 });
    engine.crash({ forMs: 5_000 });
    await pass(clock, 4_000);
    await expect(backend.describe()).rejects.toThrow(BackendUnavailableError);
    await pass(clock, 1_000);
    expect(await backend.describe()).toMatchObject({ hostname: 'sim-n' });
  });

  it('ends one task on demand, also by a raw request', async () => {
    const { engine, backend, start } = await setUp();
    const [one, two] = [await start(simulate(), 1), await start(simulate(), 2)];
    expect(engine.kill(one, 1, 'segmentation fault')).toBe(true);
    expect(engine.kill(one)).toBe(false);
    expect(await backend.inspect(one)).toMatchObject({ exitCode: 1, error: 'segmentation fault' });
    expect(await backend.raw({ fault: 'kill', taskId: two })).toEqual({ killed: true });
    expect(await backend.inspect(two)).toMatchObject({ exitCode: 137 });
    await expect(backend.raw({ fault: 'flood' })).rejects.toThrow('"crash"');
  });
});
