import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats, type NatsServerProcess, startNatsServer } from '@muster/runtime';
import type { NatsConnection } from '@nats-io/nats-core';
import { describeLostEndContract } from '../../lost-end.contract.ts';
import { JetStreamLog } from '../log.ts';
import { ensureStreams } from '../server/streams.ts';

describeLostEndContract('JetStream', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'muster-lost-end-'));
  const [store, kept] = [join(dir, 'store'), join(dir, 'kept')];
  let server: NatsServerProcess = await startNatsServer({ dir: store });
  const { port } = server;
  const connections: NatsConnection[] = [];
  const open = async () => {
    const nc = await connectNats(server.url, { name: 'test', waitMs: 5000 });
    connections.push(nc);
    return nc;
  };
  await ensureStreams(await open());

  async function whileStopped(action: () => Promise<void>): Promise<void> {
    await server.stop();
    await action();
    server = await startNatsServer({ dir: store, port });
  }

  return {
    open: async () => new JetStreamLog(await open(), { heartbeatMs: 200 }),
    keep: () => whileStopped(() => cp(store, kept, { recursive: true })),
    putBack: () =>
      whileStopped(async () => {
        await rm(store, { recursive: true });
        await cp(kept, store, { recursive: true });
      }),
    async dispose() {
      await Promise.all(connections.map((nc) => nc.close()));
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
});
