// Three servers, and the one that leads the others stands still: what was asked of it is lost, and is asked again.
import { connectNats, type NatsCluster, startNatsCluster } from '@muster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { JetStreamCommandStore } from './commands.ts';
import { ensureStreams } from './streams.ts';

/** An election, and what it takes to ask again. */
const WITHIN_MS = 15_000;

let servers: NatsCluster;

beforeAll(async () => {
  servers = await startNatsCluster({ size: 3 });
});

afterAll(() => servers?.stop());

it('commands are followed all the same', { timeout: 60_000 }, async () => {
  const leader = (await servers.metaLeader())!;
  const other = servers.servers[(leader + 1) % 3]!;
  const connection = await connectNats(other.url, { name: 'test' });
  await ensureStreams(connection, { replicas: 3 });
  const store = new JetStreamCommandStore(connection);
  await store.put('node', 'task', new TextEncoder().encode('run'), { expectLastSeq: 0 });
  // The stream answers, and what makes consumers does not.
  const stepDown = async () => connection.request('$JS.API.STREAM.LEADER.STEPDOWN.MUSTER_COMMANDS');
  while ((await servers.leaderOf('MUSTER_COMMANDS')) === leader) await stepDown();
  await servers.servers[leader]!.kill('SIGSTOP');
  const startedAt = performance.now();
  const tasks: string[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const follow = () =>
        store.follow({
          nodeId: 'node',
          onCommand: ({ taskId }) => tasks.push(taskId),
          onCaughtUp: resolve,
          onError: reject,
        });
      follow().catch(reject);
    });
    expect(tasks).toEqual(['task']);
    expect(performance.now() - startedAt).toBeLessThan(WITHIN_MS);
  } finally {
    await servers.servers[leader]!.kill('SIGCONT');
    await connection.close();
  }
});
