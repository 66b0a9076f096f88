import { composeEvent, eventSubject, WIRE_VERSION } from '@muster/events';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRig, NODE, type Rig, taskIdOf } from './agent.fixture.ts';

const task = taskIdOf(1);
const subject = eventSubject('orchestrator', 'node', NODE);

let rig: Rig;
beforeEach(async () => {
  rig = createRig();
});

/** Whoever listens hears of it, and it is in the log, at once or later. */
async function removeNode(storedAfterMs = 0): Promise<void> {
  const event = { type: 'node.removed', cause: 1, nodeId: NODE, actor: 'ana' } as const;
  const { data } = composeEvent(event, rig.clock.now(), { wire: WIRE_VERSION });
  if (storedAfterMs > 0) {
    rig.bus.publish(subject, data);
    await rig.clock.advance(storedAfterMs);
  }
  const { intercept } = rig;
  rig.intercept = async (_append, store) => store();
  await rig.log.append(subject, data);
  rig.intercept = intercept;
  if (storedAfterMs === 0) rig.bus.publish(subject, data);
}

describe('a node that is removed', () => {
  it('ends what it runs, tells the log, and stays ended', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    await removeNode();
    await rig.clock.advance(20_000);
    expect(await agent.ended).toMatchObject({ name: 'NodeRemovedError' });
    expect((await agent.ended)?.message).toMatch('start the agent again to join as a new node');
    expect(rig.presenceOf(task)).toBeUndefined();
    expect(rig.reports().at(-1)).toMatchObject({ gone: [task] });
    const beats = rig.heartbeats.length;
    await rig.command(taskIdOf(2), 'running');
    await rig.clock.advance(60_000);
    expect(rig.heartbeats.length).toBe(beats);
    expect(rig.presenceOf(taskIdOf(2))).toBeUndefined();
  });

  it('finds out when it is back, and when nobody told it', async () => {
    for (const isCutOff of [true, false]) {
      rig = createRig();
      const agent = await rig.startReady();
      await rig.command(task, 'running');
      await rig.clock.advance(1_000);
      rig.cutOff();
      await removeNode();
      await rig.clock.advance(10_000);
      expect(agent.health().state).toBe('running');
      expect(rig.presenceOf(task)).toBe('running');
      if (isCutOff) rig.reconnect();
      else rig.intercept = async (_append, store) => store();
      await rig.clock.advance(isCutOff ? 1_000 : 150_000);
      expect(await agent.ended).toMatchObject({ name: 'NodeRemovedError' });
    }
  });

  it('hears of it before it is stored, as a server tells of a message first', async () => {
    for (const storedAfterMs of [10, 700, 7_000]) {
      rig = createRig();
      const agent = await rig.startReady();
      await removeNode(storedAfterMs);
      await rig.clock.advance(15_000);
      expect(await Promise.race([agent.ended, 'not heard']), `${storedAfterMs} ms`).toMatchObject({
        name: 'NodeRemovedError',
      });
    }
  });

  it('waits for an engine that is away', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    rig.crashEngine({ tasks: 'kept', forMs: 20_000 });
    await removeNode();
    await rig.clock.advance(1_000);
    expect(agent.health().state).toBe('running');
    await rig.clock.advance(60_000);
    expect(await agent.ended).toMatchObject({ name: 'NodeRemovedError' });
    expect(rig.presenceOf(task)).toBeUndefined();
  });

  it('joins as a new one when it is started again', async () => {
    const first = await rig.startReady();
    await removeNode();
    await rig.clock.advance(1_000);
    await first.ended;
    const second = await rig.startReady();
    await rig.clock.advance(300_000);
    expect(second.health().state).toBe('running');
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    expect(rig.presenceOf(task)).toBe('running');
  });
});
