// What an agent does when somebody else starts containers, when something hangs, and when the log has lost its end.
import type { RunState } from '@muster/backends';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRig, type Rig, taskIdOf } from './agent.fixture.ts';

const task = taskIdOf(1);
let rig: Rig;
beforeEach(() => {
  rig = createRig();
});

describe('a container that somebody else starts again', () => {
  it('is stopped at once when its task has failed for it, and its port is free again', async () => {
    await rig.startReady();
    const ports = [{ protocol: 'tcp', targetPort: 80, publishedPort: 8080, publishMode: 'host' }] as const;
    await rig.command(task, 'running', { ports: [...ports] });
    await rig.clock.advance(1_000);
    rig.engine.kill(task, 143);
    await rig.clock.advance(100);
    rig.engine.restart(task);
    await rig.clock.advance(0);
    expect(rig.presenceOf(task)).toBe('exited');
    expect(rig.statesOf(task)).toEqual(['running', 'failed']);
    await rig.command(taskIdOf(2), 'running', { ports: [...ports] });
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(taskIdOf(2))?.state).toBe('running');
  });

  it.each(['complete', 'shutdown'] as const)('is stopped when its task is %s, however often', async (end) => {
    await rig.startReady();
    if (end === 'complete') await rig.command(task, 'complete', { env: ['SIM_EXIT_CODE=0'] });
    else await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    if (end === 'shutdown') await rig.command(task, 'shutdown');
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(task)?.state).toBe(end);
    for (let times = 0; times < 3; times += 1) {
      rig.engine.restart(task);
      await rig.clock.advance(10);
      expect(rig.presenceOf(task)).toBe('exited');
    }
    expect(rig.lastStatus(task)?.state).toBe(end);
  });

  it('while the engine was away is stopped when it is back', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    rig.engine.kill(task, 1);
    await rig.clock.advance(1_000);
    rig.crashEngine({ tasks: 'kept', forMs: 5_000 });
    rig.engine.restart(task);
    await rig.clock.advance(20_000);
    expect(rig.presenceOf(task)).toBe('exited');
  });

  it('while nobody was told is found by looking', async () => {
    const backend = await silent();
    await rig.startReady({ backend });
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    await rig.command(task, 'shutdown');
    await rig.clock.advance(1_000);
    rig.engine.restart(task);
    await rig.clock.advance(130_000);
    expect(rig.presenceOf(task)).toBe('exited');
    expect(rig.statesOf(task)).toEqual(['running', 'shutdown']);
  });

  it('is not taken for one by late news of its only start', async () => {
    let tell: (run: RunState) => void = () => undefined;
    const backend = await silent((onChange) => {
      tell = onChange;
    });
    const agent = await rig.startReady({ backend });
    await rig.command(task, 'running', { env: ['SIM_STOP_CODE=0'] });
    await rig.clock.advance(1_000);
    const startedAt = rig.clock.now() - 1_000;
    tell({ taskId: task, runId: 'sim-1', status: 'exited', exitCode: 3, finishedAt: rig.clock.now() });
    await rig.clock.advance(10);
    expect(rig.lastStatus(task)?.state).toBe('failed');
    tell({ taskId: task, runId: 'sim-1', status: 'running', startedAt });
    await rig.clock.advance(10);
    // Nobody has stopped it.
    expect(rig.presenceOf(task)).toBe('running');
    expect(agent.health().tasks).toBe(1);
  });

  /** Tells nothing by itself. */
  async function silent(onWatch: (onChange: (run: RunState) => void) => void = () => undefined) {
    const { createBackend } = await import('@muster/backends');
    const { clock, engine } = rig;
    const backend = await createBackend('simulator', { clusterName: 'test', nodeId: 'node1', clock, engine });
    backend.watch = async ({ onChange }) => {
      onWatch(onChange);
      return { stop: async () => undefined };
    };
    return backend;
  }
});

describe('what is under way', () => {
  it.each(['shutdown', 'remove'] as const)('ends at once for %s: a pull', async (desired) => {
    rig = createRig({ behaviour: { pullDelayMs: 3_600_000 } });
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(10_000);
    expect(rig.statesOf(task)).toEqual(['preparing']);
    await rig.command(task, desired);
    await rig.clock.advance(100);
    expect(rig.lastStatus(task)?.state).toBe('shutdown');
    await rig.forget(task);
    await rig.clock.advance(1_000);
    expect(rig.reports().flatMap(({ gone }) => gone)).toEqual([task]);
    expect([...rig.engine.states()]).toEqual([]);
  });

  it('ends at once: a start, which is stopped when it comes to something after all', async () => {
    rig = createRig({ behaviour: { startDelayMs: 60_000 } });
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(10_000);
    await rig.command(task, 'shutdown');
    await rig.clock.advance(100);
    expect(rig.statesOf(task)).toEqual(['starting', 'shutdown']);
    await rig.clock.advance(60_000);
    expect(rig.presenceOf(task)).toBe('exited');
    expect(rig.lastStatus(task)?.state).toBe('shutdown');
  });

  it('goes on when something else is wanted that needs it', async () => {
    rig = createRig({ behaviour: { pullDelayMs: 5_000 } });
    await rig.startReady();
    await rig.command(task, 'ready');
    await rig.clock.advance(1_000);
    await rig.command(task, 'running');
    await rig.clock.advance(4_100);
    expect(rig.lastStatus(task)?.state).toBe('running');
  });
});

describe('one slow thing', () => {
  const others = Array.from({ length: 20 }, (_, index) => taskIdOf(index + 100));
  const runAll = async (env: string[]) => {
    for (const id of others) await rig.command(id, 'running', { env });
  };

  it('is no hindrance: pulls to starts', async () => {
    await rig.startReady();
    await runAll(['SIM_PULL_DELAY=1h']);
    await rig.command(task, 'running');
    await rig.clock.advance(100);
    expect(rig.presenceOf(task)).toBe('running');
  });

  it('is no hindrance: starts that hang to other starts', async () => {
    await rig.startReady();
    await runAll(['SIM_START_DELAY=1h']);
    await rig.command(task, 'running');
    await rig.clock.advance(6_000);
    expect(rig.presenceOf(task)).toBe('running');
  });

  it('is no hindrance: those that take their grace period to other stops', async () => {
    await rig.startReady();
    await runAll(['SIM_STOP_DELAY=1h']);
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    for (const id of [...others, task]) await rig.command(id, 'shutdown');
    await rig.clock.advance(2_100);
    expect(rig.presenceOf(task)).toBe('exited');
  });
});

describe('an error of any length', () => {
  it('is cut before it is kept anywhere, with its length said', async () => {
    const { createBackend, RejectedError } = await import('@muster/backends');
    const { clock, engine } = rig;
    const backend = await createBackend('simulator', { clusterName: 'test', nodeId: 'node1', clock, engine });
    const words = `exec: "${'a'.repeat(400_000)}": no such file or directory`;
    const { prepare } = backend;
    backend.prepare = (order, options) =>
      order.identity.taskId === task
        ? Promise.reject(new RejectedError(words))
        : prepare.call(backend, order, options);
    await rig.startReady({ backend });
    await rig.command(task, 'running');
    await rig.command(taskIdOf(2), 'running');
    await rig.clock.advance(1_000);
    engine.kill(taskIdOf(2), 1, words);
    await rig.clock.advance(1_000);
    for (const id of [task, taskIdOf(2)]) {
      expect(rig.lastStatus(id)!.err).toMatch(/… \(400035 characters in all\) …/);
      expect(rig.lastStatus(id)!.err!.length).toBeLessThan(2_200);
    }
    expect(JSON.stringify(await rig.storage.load()).length).toBeLessThan(10_000);
  });
});

describe('a task of which the engine can not tell', () => {
  it('stays what it was, and the node is fit', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.command(taskIdOf(2), 'running');
    await rig.clock.advance(1_000);
    first.kill();
    rig.engine.stick(task);
    rig.engine.kill(taskIdOf(2), 5);
    await rig.startReady();
    await rig.clock.advance(60_000);
    expect(rig.lastStatus(task)?.state).toBe('running');
    expect(rig.lastStatus(taskIdOf(2))).toMatchObject({ state: 'failed', exitCode: 5 });
    expect(rig.heartbeats.at(-1)!.at).toBeGreaterThan(rig.clock.now() - 6_000);
    rig.engine.kill(task, 3);
    rig.engine.stick(task, false);
    await rig.clock.advance(15_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', exitCode: 3 });
  });

  it('is stopped when that can be done, and not said to be before', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    rig.engine.stick(task);
    rig.crashEngine({ tasks: 'kept', forMs: 1_000 });
    await rig.clock.advance(10_000);
    await rig.command(task, 'shutdown');
    await rig.clock.advance(60_000);
    expect(rig.statesOf(task)).toEqual(['running']);
    rig.engine.stick(task, false);
    await rig.clock.advance(1_000);
    expect(rig.statesOf(task)).toEqual(['running', 'shutdown']);
  });
});

describe('a log that has lost its end', () => {
  const elsewhere = async () => {
    for (let count = 0; count < 20; count += 1)
      await rig.log.append('muster.intent.ana.service.remove.web', new Uint8Array());
  };

  it('is told of all that runs, and of the node itself, though nothing happens on it', async () => {
    await rig.startReady();
    const { length } = rig.log.records;
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    rig.log.putBack(length - 1);
    await elsewhere();
    expect(rig.events()).toEqual([]);
    await rig.clock.advance(150_000);
    expect(rig.events().map(({ type }) => type)).toEqual(['node.joined', 'tasks.reported']);
    expect(rig.lastStatus(task)?.state).toBe('running');
    const after = rig.log.records.length;
    await rig.clock.advance(600_000);
    expect(rig.log.records).toHaveLength(after);
  });

  it('is told soon after a reconnection', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    rig.cutOff();
    rig.log.putBack(1);
    rig.reconnect();
    await rig.clock.advance(3_000);
    expect(rig.lastStatus(task)?.state).toBe('running');
  });

  it('is told that what it takes for running is gone', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    const { length } = rig.log.records;
    await rig.command(task, 'remove');
    await rig.forget(task);
    await rig.clock.advance(1_000);
    rig.log.putBack(length);
    expect(rig.lastStatus(task)?.state).toBe('running');
    await rig.clock.advance(150_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', err: 'task: the container is gone' });
    expect([...rig.engine.states()]).toEqual([]);
  });

  it('may say once more that a task is wanted which is over: it is not run again', async () => {
    await rig.startReady();
    const { length } = rig.log.records;
    await rig.command(task, 'running', { basis: 5 });
    await rig.clock.advance(1_000);
    await rig.forget(task);
    await rig.clock.advance(1_000);
    rig.log.putBack(length);
    await rig.clock.advance(150_000);
    await rig.command(task, 'running', { basis: 5 });
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', err: 'task: the container is gone' });
    expect([...rig.engine.states()]).toEqual([]);
  });
});
