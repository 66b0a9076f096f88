// One node's commands on a real server: nothing is missed, whatever is lost on the way.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats, type NatsServerProcess, startNatsServer } from '@muster/runtime';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LogGoneError } from '../errors.ts';
import { JetStreamCommandStore } from './commands.ts';
import { countConsumer } from './reading/consumer-stats.ts';
import { COMMANDS_STREAM, ensureStreams } from './server/streams.ts';
import { ToldCommands } from './told-commands.ts';

let dir: string;
let server: NatsServerProcess;
let nc: NatsConnection;
let store: JetStreamCommandStore;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-test-'));
  server = await startNatsServer({ dir });
  nc = await connectNats(server.url, { name: 'test' });
  await ensureStreams(nc);
  store = new JetStreamCommandStore(nc);
});

afterEach(async () => {
  await nc.close();
  await server.stop();
  await rm(dir, { recursive: true });
});

const put = (taskId: string, seq: number) =>
  store.put('n1', taskId, new TextEncoder().encode(`at ${seq}`), { expectLastSeq: 0 });

async function follow(toldOn: string, checkEveryMs: number) {
  const seen: number[] = [];
  const waiting: (() => void)[] = [];
  const commands = await ToldCommands.start({
    nc,
    jsm: await jetstreamManager(nc),
    storedOn: 'muster.command.n1.*',
    toldOn,
    heartbeatMs: 500,
    startWithinMs: 5_000,
    checkEveryMs,
    onRecord: ({ seq }) => {
      seen.push(seq);
      for (const look of waiting) look();
    },
    onCaughtUp: () => undefined,
    onError: (error) => {
      failure = error;
      for (const look of waiting) look();
    },
    stats: countConsumer(nc, COMMANDS_STREAM),
  });
  let failure: Error | undefined;
  const until = (look: () => boolean) =>
    new Promise<void>((resolve) => {
      const tryOnce = () => look() && resolve();
      waiting.push(tryOnce);
      tryOnce();
    });
  return {
    commands,
    seen,
    reached: (seq: number) => until(() => seen.includes(seq)),
    failed: async () => {
      await until(() => failure !== undefined);
      return failure;
    },
  };
}

const NEVER_MS = 3_600_000;

/** Consumers that were made until the stream's state has been asked for so many times. */
async function countCreated(nc: NatsConnection, questions: number): Promise<number> {
  let created = 0;
  let asked = 0;
  const creating = nc.subscribe(`$JS.API.CONSUMER.CREATE.${COMMANDS_STREAM}.>`, {
    callback: () => {
      created += 1;
    },
  });
  await new Promise<void>((resolve) => {
    nc.subscribe(`$JS.API.STREAM.INFO.${COMMANDS_STREAM}`, {
      max: questions,
      callback: () => {
        asked += 1;
        if (asked === questions) resolve();
      },
    });
  });
  creating.unsubscribe();
  return created;
}

it('hears what is stored after it has read the set, and leaves no consumer behind', async () => {
  await put('t1', 1);
  const follower = await follow('muster.told.n1.*', NEVER_MS);
  await follower.reached(1);
  await put('t2', 2);
  await follower.reached(2);
  const { consumers } = await (await jetstreamManager(nc)).streams
    .info(COMMANDS_STREAM)
    .then((info) => info.state && { consumers: info.state.consumer_count });
  expect(consumers).toBe(0);
  await follower.commands.stop();
});

it('finds by asking what it never heard of', async () => {
  const follower = await follow('muster.told.nowhere.*', 50);
  await put('t1', 1);
  await follower.reached(1);
  await put('t2', 2);
  await follower.reached(2);
  expect(follower.seen).toEqual([1, 2]);
  await follower.commands.stop();
});

it('finds what it never heard of before something that it did hear', async () => {
  const follower = await follow('muster.told.n1.t2', 1_000);
  await put('t1', 1);
  await put('t2', 2);
  await follower.reached(2);
  await follower.reached(1);
  expect(follower.seen).toEqual([2, 1]);
  await follower.commands.stop();
});

it('reads its set once when all is quiet, and no more', async () => {
  const stats = countConsumer(nc, COMMANDS_STREAM);
  const { restarts } = stats;
  const follower = await follow('muster.told.n1.*', 50);
  await put('t1', 1);
  await put('t2', 2);
  await follower.reached(2);
  const created = await countCreated(nc, 10);
  expect(created).toBeLessThanOrEqual(1);
  expect(follower.seen).toEqual([1, 2]);
  expect(stats.restarts).toBe(restarts);
  await follower.commands.stop();
});

it('reads what was stored while it was away', async () => {
  await put('t1', 1);
  const follower = await follow('muster.told.n1.*', NEVER_MS);
  await follower.reached(1);
  for (let seq = 2; seq < 5; seq += 1) {
    const { port } = server;
    await server.kill();
    server = await startNatsServer({ dir, port });
    // Perhaps before the follower's own subscription is back.
    const other = await connectNats(server.url, { name: 'other' });
    await new JetStreamCommandStore(other).put('n1', `t${seq}`, new Uint8Array(1), { expectLastSeq: 0 });
    await other.close();
    await follower.reached(seq);
  }
  expect(follower.seen).toEqual([1, 2, 3, 4]);
  await follower.commands.stop();
}, 60_000);

it.each([
  ['asks', 50],
  ['is told of a sequence that it has read', NEVER_MS],
])(
  'ends when the stream is made anew, as its sequences mean nothing any more: it %s',
  async (_, checkEveryMs) => {
    await put('t1', 1);
    const follower = await follow('muster.told.n1.*', checkEveryMs);
    await follower.reached(1);
    const jsm = await jetstreamManager(nc);
    await jsm.streams.delete(COMMANDS_STREAM);
    await ensureStreams(nc);
    for (let seq = 1; seq < 4; seq += 1) await put(`u${seq}`, seq);
    expect(await follower.failed()).toBeInstanceOf(LogGoneError);
  },
);

it('takes nothing for a command that the server has not repeated', async () => {
  const follower = await follow('muster.told.n1.*', NEVER_MS);
  nc.publish('muster.told.n1.t1', 'not stored');
  await put('t1', 1);
  await follower.reached(1);
  expect(follower.seen).toEqual([1]);
  await follower.commands.stop();
});
