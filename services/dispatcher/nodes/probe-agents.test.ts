// On the bus in memory: what a dispatcher makes of an agent's process that dies, with another dispatcher beside it.
import { composeEvent, type EventDraft, encodeJson, heartbeatSubject, pingSubject } from '@muster/events';
import { MemoryCommandStore, MemoryEndpointStore, MemoryLog } from '@muster/log';
import { type Follower, MemoryBus, silentLogger, startFollower, startPresence } from '@muster/runtime';
import { describeNode, VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { startDispatcher } from '../start-dispatcher.ts';

const PERIOD = 5000;

let clock: VirtualClock;
let log: MemoryLog;
let bus: MemoryBus;
let follower: Follower;

beforeEach(async () => {
  clock = new VirtualClock();
  log = new MemoryLog({ now: () => clock.now() });
  bus = new MemoryBus({ clock });
  follower = await startFollower({ log, clock, logger: silentLogger });
  const commands = new MemoryCommandStore({ now: () => clock.now() });
  const endpoints = new MemoryEndpointStore({ now: () => clock.now() });
  for (const name of ['d1', 'd2']) {
    const own = log.client(name);
    await startDispatcher({
      follower: await startFollower({ log: own, clock, logger: silentLogger }),
      log: own,
      commands: commands.client(name),
      endpoints: endpoints.client(name),
      bus: bus.client(name),
      presence: startPresence({ bus: bus.client(name), clock, role: 'dispatcher', copy: name }),
      clock,
      logger: silentLogger,
      heartbeatMs: PERIOD,
    });
  }
  await append({
    type: 'node.joined',
    cause: 0,
    nodeId: 'n1',
    session: 's',
    description: describeNode('n1'),
  });
});

async function append(event: EventDraft): Promise<void> {
  const { subject, data } = composeEvent(event, clock.now());
  await log.append(subject, data);
  await clock.settle();
}

/** An agent, until its process dies. */
function live({ answering }: { answering: boolean }): () => void {
  const agent = bus.client('agent');
  const data = encodeJson({ session: 's' });
  const pings = answering
    ? agent.subscribe(pingSubject('n1'), ({ reply }) => agent.publish(reply!, data))
    : undefined;
  let timer = clock.schedule(0, beat);
  function beat(): void {
    agent.publish(heartbeatSubject('n1'), data);
    timer = clock.schedule(PERIOD, beat);
  }
  return () => {
    timer.cancel();
    pings?.stop();
  };
}

const statusIs = (status: string) => () => follower.state.nodes.get('n1')?.status === status;
const verdicts = () =>
  log.records
    .map(({ data }) => JSON.parse(new TextDecoder().decode(data)))
    .filter(({ type }) => type === 'node.status_changed')
    .map(({ status }) => status);

describe('an agent that is asked', () => {
  it('and is gone is suspected within a fifth of a period, and given up a period later', async () => {
    const die = live({ answering: true });
    await clock.advance(4 * PERIOD);
    expect(verdicts()).toEqual(['ready']);
    die();
    await clock.advanceUntil(statusIs('suspect'), PERIOD / 5 + 300);
    await clock.advanceUntil(statusIs('down'), PERIOD + 1000);
    expect(verdicts()).toEqual(['ready', 'suspect', 'down']);
  });

  it('keeps its tasks when it is started again within a period', async () => {
    const die = live({ answering: true });
    await clock.advance(2 * PERIOD);
    die();
    await clock.advanceUntil(statusIs('suspect'), PERIOD);
    await clock.advance(PERIOD / 2);
    live({ answering: true });
    await clock.advance(4 * PERIOD);
    expect(verdicts()).toEqual(['ready', 'suspect', 'ready']);
  });

  it('and is found a second time', async () => {
    for (let life = 0; life < 2; life += 1) {
      const die = live({ answering: true });
      await clock.advance(3 * PERIOD);
      die();
      await clock.advanceUntil(statusIs('down'), 2 * PERIOD);
    }
    expect(verdicts()).toEqual(['ready', 'suspect', 'down', 'ready', 'suspect', 'down']);
  });

  it('and is found again after it was away for long', async () => {
    const die = live({ answering: true });
    await clock.advance(3 * PERIOD);
    die();
    await clock.advance(5 * PERIOD);
    const dieAgain = live({ answering: true });
    await clock.advance(5 * PERIOD);
    expect(verdicts()).toEqual(['ready', 'suspect', 'down', 'ready']);
    dieAgain();
    await clock.advanceUntil(statusIs('suspect'), PERIOD / 5 + 300);
  });

  it('and never answers, as older ones, is judged by its heartbeats', async () => {
    const die = live({ answering: false });
    await clock.advance(20 * PERIOD);
    // Suspected once; that it spoke all the same is remembered.
    expect(verdicts().length).toBeLessThanOrEqual(5);
    expect(verdicts().at(-1)).toBe('ready');
    die();
    await clock.advanceUntil(statusIs('down'), 4 * PERIOD);
  });
});
