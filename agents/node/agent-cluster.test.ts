// Whose log an agent follows, and what it makes of what is another cluster's.
import { createBackend } from '@muster/backends';
import { composeEvent, type EventDraft } from '@muster/events';
import { expect, it } from 'vitest';
import { createRig, NODE, type Rig, taskIdOf } from './agent.fixture.ts';

const task = taskIdOf(1);

async function write(rig: Rig, draft: EventDraft): Promise<void> {
  const { subject, data } = composeEvent(draft, rig.clock.now());
  await rig.log.append(subject, data);
  rig.bus.publish(subject, data);
}

async function foundedRig(
  clusterId: string,
  over: Partial<Pick<Rig, 'engine' | 'storage'>> = {},
): Promise<Rig> {
  const rig = createRig();
  Object.assign(rig, over);
  await write(rig, { type: 'cluster.created', cause: 0, clusterId, name: 'test' });
  return rig;
}

const stateOf = ({ engine }: Rig, id: string) => [...engine.states()].find(({ taskId }) => taskId === id);

it("what a task leaves on its node carries the cluster's id, from the log or from its command", async () => {
  const rig = await foundedRig('ours');
  await rig.startReady();
  await rig.command(task, 'running');
  await rig.clock.advance(1_000);
  expect(stateOf(rig, task)).toMatchObject({ status: 'running', clusterId: 'ours' });

  const older = createRig();
  await older.startReady();
  await older.command(task, 'running', { more: { cluster: 'ours' } });
  await older.command(taskIdOf(2), 'running');
  await older.clock.advance(1_000);
  expect(stateOf(older, task)).toMatchObject({ clusterId: 'ours' });
  expect(stateOf(older, taskIdOf(2))).not.toHaveProperty('clusterId');
});

it("another cluster's command is not obeyed", async () => {
  const rig = await foundedRig('ours');
  const agent = await rig.startReady();
  await rig.command(task, 'running', { more: { cluster: 'theirs' } });
  await rig.clock.advance(1_000);
  expect(stateOf(rig, task)).toBeUndefined();
  expect(agent.health().refusedCommands).toBe(1);
});

it("another cluster's tasks on the same engine are left alone, whatever their ids", async () => {
  const theirs = await foundedRig('theirs');
  const first = await theirs.startReady();
  await theirs.command(task, 'running');
  await theirs.clock.advance(1_000);
  first.kill();

  const ours = await foundedRig('ours');
  const { engine, clock } = theirs;
  const backend = await createBackend('simulator', { clusterName: 'test', nodeId: NODE, clock, engine });
  const agent = await ours.start({ backend, clock });
  await clock.advance(1_000);
  expect(agent.health()).toMatchObject({ state: 'running', tasks: 0 });
  expect(ours.reports()).toEqual([]);

  await ours.command(task, 'running');
  await clock.advance(1_000);
  expect(ours.lastStatus(task)).toMatchObject({
    state: 'rejected',
    err: `there is a task ${task} of cluster theirs on this node already: it is left alone`,
  });
  await ours.command(task, 'remove');
  await ours.forget(task);
  await clock.advance(60_000);
  expect(stateOf(theirs, task)).toMatchObject({ status: 'running', clusterId: 'theirs' });
  expect(agent.isOurs(stateOf(theirs, task)!)).toBe(false);
});

it('what an agent of another cluster remembered is set aside', async () => {
  const theirs = await foundedRig('theirs');
  const first = await theirs.startReady();
  await theirs.command(task, 'running');
  await theirs.clock.advance(1_000);
  first.kill();
  expect(await theirs.storage.load()).toMatchObject({ cluster: 'theirs' });

  const ours = await foundedRig('ours', { storage: theirs.storage });
  const agent = await ours.startReady();
  await ours.clock.advance(1_000);
  expect(agent.health().tasks).toBe(0);
  expect(ours.reports()).toEqual([]);
  expect(await ours.storage.load()).toBeUndefined();
});

it('what was remembered before the log said whose it is stays', async () => {
  const rig = createRig();
  const first = await rig.startReady();
  await rig.command(task, 'running', { env: ['SIM_EXIT_CODE=0'] });
  await rig.clock.advance(1_000);
  first.kill();
  await write(rig, { type: 'cluster.created', cause: 0, clusterId: 'ours', name: 'test' });
  await rig.startReady();
  await rig.clock.advance(1_000);
  expect(rig.statesOf(task).at(-1)).toBe('complete');
});

it('an agent ends when another cluster’s log is behind its address', async () => {
  const rig = await foundedRig('ours');
  const agent = await rig.startReady();
  rig.buses.disconnect('agent');
  rig.log.putBack(0);
  await write(rig, { type: 'cluster.created', cause: 0, clusterId: 'theirs', name: 'test' });
  rig.buses.reconnect('agent');
  await rig.clock.advance(1_000);
  expect((await agent.ended)?.message).toMatch('the log is no longer that of cluster ours, but of theirs');
});

it('a version that was heard of before it was stored, or not at all, is read all the same', async () => {
  for (const [storedAfterMs, isHeard] of [
    [700, true],
    [0, false],
  ] as const) {
    const rig = await foundedRig('ours');
    await rig.startReady();
    const draft: EventDraft = { type: 'cluster.version_raised', cause: 1, version: 2 };
    const { subject, data } = composeEvent(draft, rig.clock.now());
    if (isHeard) rig.bus.publish(subject, data);
    await rig.clock.advance(storedAfterMs);
    await rig.log.append(subject, data);
    await rig.clock.advance(isHeard ? 1_000 : 150_000);
    const told = rig.events().flatMap((event) => (event.type === 'node.joined' ? [event.description] : []));
    expect(told.at(-1)?.networks).toContain('overlay');
  }
});

it('what the cluster could not read of the node is told once it can', async () => {
  const rig = await foundedRig('ours');
  await rig.startReady();
  const told = () =>
    rig.events().flatMap((event) => (event.type === 'node.joined' ? [event.description.networks] : []));
  expect(told()).toEqual([undefined]);
  await write(rig, { type: 'cluster.version_raised', cause: 1, version: 2 });
  await rig.clock.advance(1_000);
  expect(told()).toEqual([undefined, ['bridge', 'host', 'null', 'overlay']]);
  await write(rig, { type: 'cluster.version_raised', cause: 1, version: 2 });
  await rig.clock.advance(1_000);
  expect(told()).toHaveLength(2);
});
