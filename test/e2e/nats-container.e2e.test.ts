import { connectNats } from '@muster/runtime';
import { expect, it } from 'vitest';
import { startNatsContainer } from '../harness/nats-container.ts';

it('reaches a nats-server with JetStream in a container', async () => {
  const server = await startNatsContainer();
  try {
    const nc = await connectNats(server.url, { name: 'test', waitMs: 10_000 });
    expect(nc.info?.jetstream).toBe(true);
    const made = await nc.request('$JS.API.STREAM.CREATE.KEPT', '{"name":"KEPT","subjects":["kept"]}');
    expect(made.json()).not.toHaveProperty('error');
    const stored = await nc.request('kept', 'one');
    expect(stored.json()).toMatchObject({ stream: 'KEPT', seq: 1 });
    await nc.close();
  } finally {
    await server.stop();
  }
});
