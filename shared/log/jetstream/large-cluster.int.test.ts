// What only a large cluster, or a guarded one, asks of the streams and of those who write to them.
import { connectNats, type NatsServerProcess, startNatsServer } from '@muster/runtime';
import { jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/nats-core';
import { afterEach, describe, expect, it } from 'vitest';
import { LogRefusedError } from '../errors.ts';
import { JetStreamCommandStore } from './commands.ts';
import { COMMANDS_STREAM, ensureStreams } from './server/streams.ts';

const OTHERS = 100_000;
const OWN = 200;

let server: NatsServerProcess;
const connections: NatsConnection[] = [];

async function open(user?: string): Promise<NatsConnection> {
  const login = user === undefined ? {} : { user, password: user };
  const nc = await connectNats(server.url, { name: 'test', waitMs: 5000, ...login });
  connections.push(nc);
  return nc;
}

afterEach(async () => {
  await Promise.all(connections.splice(0).map((nc) => nc.close()));
  await server.stop();
});

describe('the streams of a large cluster', () => {
  it('take more consumers than a server lets a stream have by default', async () => {
    server = await startNatsServer();
    const nc = await open();
    await ensureStreams(nc);
    const jsm = await jetstreamManager(nc);
    const make = (index: number) =>
      jsm.consumers.add(COMMANDS_STREAM, {
        name: `c${index}`,
        deliver_subject: `x.${index}`,
        mem_storage: true,
        inactive_threshold: nanos(30_000),
      });
    const made = await Promise.all(Array.from({ length: 1_100 }, (_, index) => make(index)));
    expect(made).toHaveLength(1_100);
  });

  it('give a node its own commands only, as fast as if there were no others', {
    timeout: 60_000,
  }, async () => {
    server = await startNatsServer();
    const nc = await open();
    await ensureStreams(nc);
    const store = new JetStreamCommandStore(nc);
    await fill(store, OWN, () => 'mine');
    const alone = await readSet(store);
    await fill(store, OTHERS, (index) => `other${index % 500}`);
    const crowded = await readSet(store);

    expect(crowded.nodes).toEqual(new Set(['mine']));
    expect([alone.count, crowded.count]).toEqual([OWN, OWN]);
    // It is a matter of milliseconds either way; all of them would take a good part of a second.
    expect(crowded.ms).toBeLessThan(alone.ms + 150);
  });
});

it('a writer that may not write is told so at once, and the others on its connection are not', async () => {
  server = await startNatsServer({
    extraConfig: `authorization { users = [
      { user: admin, password: admin }
      { user: guest, password: guest, permissions: { publish: ["muster.command.n1.*", "$JS.API.>"], subscribe: ">" } }
    ] }`,
  });
  await ensureStreams(await open('admin'));
  const store = new JetStreamCommandStore(await open('guest'), { retryForMs: 30_000 });
  const put = (nodeId: string) => store.put(nodeId, 't1', new Uint8Array(1), { expectLastSeq: 0 });
  const [allowed, forbidden] = await Promise.allSettled([put('n1'), put('n2')]);
  expect(allowed).toMatchObject({ status: 'fulfilled', value: { ok: true, seq: 1 } });
  expect(forbidden).toMatchObject({ status: 'rejected', reason: expect.any(LogRefusedError) });
});

async function fill(store: JetStreamCommandStore, count: number, nodeOf: (index: number) => string) {
  const data = new TextEncoder().encode(JSON.stringify({ command: 'x'.repeat(300) }));
  let index = 0;
  const work = async () => {
    for (; index < count; ) {
      const own = index++;
      await store.put(nodeOf(own), `task${own}`, data, { expectLastSeq: 0 });
    }
  };
  await Promise.all(Array.from({ length: 1000 }, work));
}

/** The median of a few: how long one node takes to read its whole set, and what it is given. */
async function readSet(store: JetStreamCommandStore) {
  const nodes = new Set<string>();
  const times: number[] = [];
  let count = 0;
  for (let round = 0; round < 5; round += 1) {
    count = 0;
    const startedAt = performance.now();
    const following = await new Promise<{ stop(): Promise<void> }>((resolve, onError) => {
      const started = store.follow({
        nodeId: 'mine',
        onCommand(record) {
          count += 1;
          nodes.add(record.nodeId);
        },
        onCaughtUp: () => resolve(started),
        onError,
      });
    });
    times.push(performance.now() - startedAt);
    await following.stop();
  }
  return { nodes, count, ms: times.sort((a, b) => a - b)[2]! };
}
