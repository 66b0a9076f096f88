import {
  composeEvent,
  decodeCommand,
  type EventDraft,
  encodeJson,
  heartbeatSchema,
  heartbeatSubject,
  pingSubject,
} from '@muster/events';
import { type CommandRecord, MemoryCommandStore, MemoryEndpointStore, MemoryLog } from '@muster/log';
import { type Follower, MemoryBus, silentLogger, startFollower } from '@muster/runtime';
import { describeNode, startHistory, VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { deploy } from './deploy.fixture.ts';
import { type RunningDispatcher, startDispatcher } from './start-dispatcher.ts';

const PERIOD = 5000;

let clock: VirtualClock;
let log: MemoryLog;
let store: MemoryCommandStore;
let bus: MemoryBus;
let follower: Follower;
let endpoints: MemoryEndpointStore;
let commands: CommandRecord[];

beforeEach(async () => {
  clock = new VirtualClock();
  log = new MemoryLog({ now: () => clock.now() });
  store = new MemoryCommandStore({ now: () => clock.now() });
  bus = new MemoryBus({ clock });
  endpoints = new MemoryEndpointStore({ now: () => clock.now() });
  commands = [];
  follower = await startFollower({ log, clock, logger: silentLogger });
  await store.follow({
    nodeId: 'n1',
    onCommand: (record) => commands.push(record),
    onCaughtUp() {},
    onError() {},
  });
});

async function start(name: string): Promise<RunningDispatcher> {
  const own = log.client(name);
  return startDispatcher({
    follower: await startFollower({ log: own, clock, logger: silentLogger }),
    log: own,
    commands: store.client(name),
    endpoints: endpoints.client(name),
    bus: bus.client(name),
    clock,
    logger: silentLogger,
    heartbeatMs: PERIOD,
  });
}

async function append(event: EventDraft): Promise<void> {
  const { subject, data } = composeEvent(event, clock.now());
  await log.append(subject, data);
  await clock.settle();
}

const join = () =>
  append({ type: 'node.joined', cause: 0, nodeId: 'n1', session: 's', description: describeNode('n1') });

/** An agent's heartbeats, until stopped. */
function beat(): () => void {
  const agent = bus.client('agent');
  const data = encodeJson(heartbeatSchema.parse({ session: 's' }));
  const pings = agent.subscribe(pingSubject('n1'), ({ reply }) => agent.publish(reply!, data));
  let timer = clock.schedule(0, send);
  function send(): void {
    agent.publish(heartbeatSubject('n1'), data);
    timer = clock.schedule(PERIOD, send);
  }
  return () => {
    pings.stop();
    timer.cancel();
  };
}

function statuses(): string[] {
  return log.records
    .map(({ data }) => JSON.parse(new TextDecoder().decode(data)))
    .filter(({ type }) => type === 'node.status_changed')
    .map(({ status }) => status);
}

const statusOf = (node: string) => follower.state.nodes.get(node)?.status;

describe('a dispatcher', () => {
  it('finds nodes ready, missing, lost and back, by heartbeats on the bus', async () => {
    await start('d1');
    await start('d2');
    await join();
    const stopBeating = beat();
    await clock.advanceUntil(() => statusOf('n1') === 'ready', 100);
    await clock.advance(10 * PERIOD);
    expect(statuses()).toEqual(['ready']);
    stopBeating();
    await clock.advanceUntil(() => statusOf('n1') === 'down', 3.5 * PERIOD);
    beat();
    await clock.advanceUntil(() => statusOf('n1') === 'ready', 100);
    expect(statuses()).toEqual(['ready', 'suspect', 'down', 'ready']);
  });

  it('gives a node its tasks as soon as they are assigned', async () => {
    const history = startHistory();
    const { tasks } = deploy(history, 'web', 3);
    for (const { subject, data } of history.records) await log.append(subject, data);
    await start('d1');
    await start('d2');
    await join();
    await append({ type: 'tasks.assigned', cause: 1, nodeId: 'n1', tasks: [...tasks], why: [] });
    expect(commands.map(({ taskId, data }) => [taskId, decodeCommand(data).type])).toEqual(
      tasks.map((id) => [id, 'task']),
    );
  });

  it('does not take a lost connection of its own for dead nodes', async () => {
    await start('d1');
    await join();
    beat();
    await clock.advance(PERIOD);
    bus.disconnect('d1');
    await clock.advance(100 * PERIOD);
    bus.reconnect('d1');
    await clock.advance(10 * PERIOD);
    expect(statuses()).toEqual(['ready']);
  });

  it('says and writes nothing more once it is stopped', async () => {
    const running = await start('d1');
    await join();
    await running.stop();
    beat();
    await clock.advance(10 * PERIOD);
    expect(statuses()).toEqual([]);
    expect(running.stats.decisions).toBe(0);
  });
});
