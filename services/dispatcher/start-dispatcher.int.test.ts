import { setTimeout as delay } from 'node:timers/promises';
import { composeEvent, decodeCommand, type EventDraft, heartbeatSubject, pingSubject } from '@muster/events';
import { ensureStreams, JetStreamCommandStore, JetStreamEndpointStore, JetStreamLog } from '@muster/log';
import {
  connectNats,
  NatsBus,
  type NatsServerProcess,
  silentLogger,
  startFollower,
  startNatsServer,
  systemClock,
} from '@muster/runtime';
import { describeNode, startHistory } from '@muster/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deploy } from './deploy.fixture.ts';
import { startDispatcher } from './start-dispatcher.ts';

const PERIOD = 400;

let server: NatsServerProcess;
let clean: (() => unknown)[];

beforeEach(async () => {
  clean = [];
  server = await startNatsServer();
});

afterEach(async () => {
  for (const undo of clean.reverse()) await undo();
  await server.stop();
});

async function connect(name: string) {
  const nc = await connectNats(server.url, { name });
  clean.push(() => nc.close());
  await ensureStreams(nc);
  const log = new JetStreamLog(nc);
  const commands = new JetStreamCommandStore(nc);
  const endpoints = new JetStreamEndpointStore(nc);
  const follower = await startFollower({ log, clock: systemClock, logger: silentLogger });
  clean.push(() => follower.stop());
  return { log, commands, endpoints, follower, bus: new NatsBus(nc) };
}

async function start(name: string): Promise<void> {
  const cluster = await connect(name);
  const running = await startDispatcher({
    ...cluster,
    clock: systemClock,
    logger: silentLogger,
    heartbeatMs: PERIOD,
  });
  clean.push(() => running.stop());
}

type Cluster = Awaited<ReturnType<typeof connect>>;

async function append({ log, follower }: Cluster, event: EventDraft): Promise<void> {
  const { subject, data } = composeEvent(event, Date.now());
  const result = await log.append(subject, data);
  if (result.ok) await follower.waitFor(result.seq);
}

const join = (agent: Cluster) =>
  append(agent, {
    type: 'node.joined',
    cause: 0,
    nodeId: 'n1',
    session: 's',
    description: describeNode('n1'),
  });

function beat({ bus }: Cluster): () => void {
  const pings = bus.subscribe(pingSubject('n1'), ({ reply }) => bus.publish(reply!, new Uint8Array()));
  const timer = setInterval(() => bus.publish(heartbeatSubject('n1'), new Uint8Array()), PERIOD);
  const stop = () => {
    clearInterval(timer);
    pings.stop();
  };
  clean.push(stop);
  return stop;
}

/** Every status that n1 is given, as it comes; `until` resolves when it is given that one. */
function watchStatus({ follower }: Cluster) {
  const seen: string[] = [];
  const waiting = new Map<string, () => void>();
  follower.onTurn((state) => {
    const status = state.nodes.get('n1')?.status;
    if (status === undefined || seen.at(-1) === status) return;
    seen.push(status);
    waiting.get(status)?.();
  });
  const until = (status: string) => {
    if (seen.at(-1) === status) return Promise.resolve();
    return new Promise<void>((resolve) => {
      waiting.set(status, resolve);
    });
  };
  return { seen, until };
}

describe('two dispatchers on a real nats-server', () => {
  it('watch a node come, go and come back', async () => {
    const agent = await connect('agent');
    const { seen, until } = watchStatus(agent);
    await start('d1');
    await start('d2');
    await join(agent);
    const stopBeating = beat(agent);
    await until('ready');
    stopBeating();
    await until('down');
    beat(agent);
    await until('ready');
    expect(seen).toEqual(['unknown', 'ready', 'suspect', 'down', 'ready']);
  });

  it('do not take a server that stood still for dead nodes', async () => {
    const agent = await connect('agent');
    const { seen, until } = watchStatus(agent);
    await start('d1');
    await start('d2');
    await join(agent);
    const stopBeating = beat(agent);
    await until('ready');
    await server.kill('SIGSTOP');
    await delay(10 * PERIOD); // the pause itself is what is tested
    await server.kill('SIGCONT');
    await delay(3 * PERIOD); // silence is what is tested
    expect(seen).toEqual(['unknown', 'ready']);
    stopBeating();
    await until('down');
  });

  it('give a node its tasks', async () => {
    const agent = await connect('agent');
    const history = startHistory();
    const { tasks } = deploy(history, 'web', 200);
    for (const { subject, data } of history.records) await agent.log.append(subject, data);
    await start('d1');
    await start('d2');
    await join(agent);
    const received = new Set<string>();
    const all = new Promise<void>((resolve, reject) => {
      void agent.commands.follow({
        nodeId: 'n1',
        onCommand({ taskId, data }) {
          if (decodeCommand(data).type === 'task') received.add(taskId);
          if (received.size === tasks.length) resolve();
        },
        onCaughtUp() {},
        onError: reject,
      });
    });
    await append(agent, { type: 'tasks.assigned', cause: 1, nodeId: 'n1', tasks: [...tasks], why: [] });
    await all;
    expect([...received].sort()).toEqual([...tasks].sort());
  });
});
