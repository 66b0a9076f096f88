// Tasks that are checked: by their engine, or by the agent.
import { beforeEach, describe, expect, it } from 'vitest';
import { createRig, type Rig, taskIdOf } from './agent.fixture.ts';
import { createMemoryStorage } from './disk/storage.ts';

const task = taskIdOf(1);
const ready = { readiness: { test: ['CMD', 'work'], interval: '2s', retries: 2 } };
const health = { healthcheck: { test: ['CMD', 'work'], interval: '2s', retries: 2 } };
let rig: Rig;
beforeEach(() => {
  // A cluster that knows what the newest agents tell.
  rig = createRig({ wire: 2 });
});

describe('a task whose engine looks after its health', () => {
  it('starts until it is healthy', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_HEALTHY_AFTER=5s'] });
    await rig.clock.advance(4_000);
    expect(rig.lastStatus(task)?.state).toBe('starting');
    await rig.clock.advance(2_000);
    expect(rig.lastStatus(task)?.state).toBe('running');
  });

  it('fails when it is unhealthy, and takes no traffic from then on', async () => {
    await rig.startReady();
    const env = ['SIM_HEALTHY_AFTER=1s', 'SIM_UNHEALTHY_AFTER=5s', 'SIM_STOP_DELAY=2s', 'SIM_STOP_CODE=143'];
    await rig.command(task, 'running', { env });
    await rig.clock.advance(6_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'running', ready: false, err: 'unhealthy' });
    await rig.clock.advance(2_000);
    expect(rig.lastStatus(task)).toMatchObject({
      state: 'failed',
      err: 'task: non-zero exit (143): unhealthy container',
    });
  });

  it('is found unhealthy by the next agent', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_UNHEALTHY_AFTER=5s'] });
    await rig.clock.advance(1_000);
    agent.kill();
    await rig.clock.advance(10_000);
    await rig.startReady();
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', err: 'task: unhealthy container' });
  });
});

describe('a task that the agent checks', () => {
  it('fails when it is unhealthy', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { container: health });
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(task)?.state).toBe('starting');
    await rig.clock.advance(2_000);
    expect(rig.lastStatus(task)?.state).toBe('running');
    rig.engine.sicken(task);
    await rig.clock.advance(5_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed', err: 'task: unhealthy container' });
  });

  it('lives while it is not ready, and takes traffic when it is', async () => {
    await rig.startReady();
    rig.engine.sicken(task);
    await rig.command(task, 'running', { container: ready });
    await rig.clock.advance(10_000);
    expect(rig.lastStatus(task)?.state).toBe('starting');
    rig.engine.sicken(task, false);
    await rig.clock.advance(1_500);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'running' });
    rig.engine.sicken(task);
    await rig.clock.advance(4_500);
    const unready = { state: 'running', ready: false, err: 'not ready: exit code 1: sick' };
    expect(rig.lastStatus(task)).toMatchObject(unready);
    rig.engine.sicken(task, false);
    await rig.clock.advance(2_500);
    expect(rig.lastStatus(task)).not.toHaveProperty('ready');
    expect(rig.presenceOf(task)).toBe('running');
  });

  it.each(['kept', 'lost'])('is as it was for the next agent, the progress %s', async (progress) => {
    const agent = await rig.startReady();
    await rig.command(task, 'running', { container: ready });
    await rig.clock.advance(1_000);
    rig.engine.sicken(task);
    await rig.clock.advance(5_000);
    expect(rig.lastStatus(task)).toMatchObject({ ready: false });
    const told = rig.reports().length;
    agent.kill();
    if (progress === 'lost') rig.storage = createMemoryStorage();
    await rig.startReady();
    await rig.clock.advance(10_000);
    const since = rig.reports().slice(told);
    expect(since.flatMap(({ statuses }) => statuses.filter((status) => status.ready !== false))).toEqual([]);
    rig.engine.sicken(task, false);
    await rig.clock.advance(2_500);
    expect(rig.lastStatus(task)).not.toHaveProperty('ready');
  });

  it('is not asked on when it is to end', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { container: ready });
    await rig.clock.advance(1_000);
    await rig.command(task, 'shutdown', { container: ready });
    rig.engine.sicken(task);
    await rig.clock.advance(60_000);
    expect(rig.lastStatus(task)?.state).toBe('shutdown');
  });
});
