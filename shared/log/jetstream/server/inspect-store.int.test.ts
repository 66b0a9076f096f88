// What is seen of a store by whoever may look at its streams, and at nothing else.
import { connectNats, type NatsServerProcess, startNatsServer } from '@muster/runtime';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JetStreamLog } from '../log.ts';
import { inspectStore } from './inspect-store.ts';
import { ensureStreams, LOG_STREAM } from './streams.ts';

let server: NatsServerProcess;
const connections: NatsConnection[] = [];

async function open(user: string): Promise<NatsConnection> {
  const nc = await connectNats(server.url, { name: 'test', user, password: user });
  connections.push(nc);
  return nc;
}

beforeAll(async () => {
  server = await startNatsServer({
    extraConfig: `accounts { A { jetstream { max_file: 64MB }, users [
      { user: all, password: all }
      { user: streams, password: streams, permissions: { publish: ["$JS.API.STREAM.INFO.>"], subscribe: ["_INBOX.>"] } }
    ] } }`,
  });
});

afterAll(async () => {
  await Promise.all(connections.map((nc) => nc.close()));
  await server?.stop();
});

describe('a store', () => {
  it('without streams is one whose streams are missing', async () => {
    const { streams, bytes } = await inspectStore(await open('all'));
    expect(streams.map(({ mismatches }) => mismatches)).toEqual(streams.map(() => undefined));
    expect(bytes).toBe(0);
  });

  it('is as its streams are, for whoever may not ask for the account: no limit is known of it then', async () => {
    const all = await open('all');
    await ensureStreams(all);
    await new JetStreamLog(all).append('muster.intent.ana.service.apply.web', new Uint8Array(10_000));
    const known = await inspectStore(all);
    expect(known.maxBytes).toBe(64 * 1024 ** 2);
    expect(known.streams.find(({ name }) => name === LOG_STREAM)).toMatchObject({
      mismatches: [],
      followers: [],
    });

    const startedAt = performance.now();
    const seen = await inspectStore(await open('streams'));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(seen).toEqual({ streams: known.streams, bytes: known.bytes, maxBytes: undefined });
    expect(seen.bytes).toBeGreaterThan(10_000);
  });
});
