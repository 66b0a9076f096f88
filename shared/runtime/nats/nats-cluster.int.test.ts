import type { NatsConnection } from '@nats-io/transport-node';
import { expect, it, vi } from 'vitest';
import { connectNats } from './connect.ts';
import { startNatsCluster } from './nats-cluster.ts';

it('keeps a stream of three replicas through the loss of its leader, and takes it back', async () => {
  const cluster = await startNatsCluster({ size: 3 });
  try {
    const nc = await connectNats(cluster.url, { name: 'test' });
    const config = { name: 'KEPT', subjects: ['kept'], num_replicas: 3 };
    expect(await ask(nc, 'STREAM.CREATE.KEPT', config)).not.toHaveProperty('error');
    await nc.request('kept', 'one', PATIENTLY);

    const leader = await vi.waitUntil(() => cluster.leaderOf('KEPT').then(asFound), { timeout: 20_000 });
    await cluster.servers[leader.index]!.kill();
    const next = await vi.waitUntil(() => cluster.leaderOf('KEPT').then(asFound), { timeout: 20_000 });
    expect(next.index).not.toBe(leader.index);

    const restarted = await cluster.restart(leader.index);
    expect(restarted.url).toBe(cluster.url.split(',')[leader.index]);
    await nc.close();

    const back = await connectNats(restarted.url, { name: 'test', waitMs: 5_000 });
    await vi.waitFor(
      async () => expect(await ask(back, 'STREAM.INFO.KEPT')).toMatchObject({ state: { messages: 1 } }),
      { timeout: 20_000 },
    );
    await back.close();
  } finally {
    await cluster.stop();
  }
});

/** A cluster that has just come together may think for longer than the client's second. */
const PATIENTLY = { timeout: 30_000 };

/** Wrapped, because the first server's index is 0. */
function asFound(index: number | undefined): { index: number } | undefined {
  return index === undefined ? undefined : { index };
}

async function ask(nc: NatsConnection, subject: string, body: unknown = {}): Promise<unknown> {
  return (await nc.request(`$JS.API.${subject}`, JSON.stringify(body), PATIENTLY)).json();
}
