// Servers that are not together yet: whoever is started waits for them, says so once, and begins by himself. Servers that
// come back are given their share of the connections again.
import { setTimeout as delay } from 'node:timers/promises';
import { connectNats, type NatsCluster, startNatsCluster } from '@muster/runtime';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { spawnMuster } from '../harness/program.ts';
import { startRole } from '../harness/role-process.ts';

type WhenFinished = typeof onTestFinished;

async function startServers(whenFinished: WhenFinished): Promise<NatsCluster> {
  const servers = await startNatsCluster({ size: 3 });
  whenFinished(() => servers.stop());
  return servers;
}

// Both at once: they do little but wait.
describe.concurrent('a role that is started', () => {
  it.for([
    ['without a leader', [1, 2], '1'],
    ['with fewer servers than copies are asked for', [2], '3'],
  ] as const)(
    'on a NATS cluster %s waits until it has formed',
    async ([, away, copies], { onTestFinished: whenFinished }) => {
      const servers = await startServers(whenFinished);
      await Promise.all(away.map((index) => servers.servers[index]!.kill()));
      const starting = startRole(['scheduler', '--stream-replicas', copies], {
        MUSTER_NATS: servers.servers[0]!.url,
      });
      starting.catch(() => undefined);
      await delay(13_000); // longer than anything is tried for
      await Promise.all(away.map((index) => servers.restart(index)));
      const role = await starting;
      whenFinished(async () => {
        await role.kill();
      });
      const waited = role.log.filter(({ msg }) => msg.includes('waiting'));
      expect(waited).toHaveLength(1);
      expect(role.log.filter(({ level }) => level >= 50)).toEqual([]);
    },
  );

  it('and waits ends when it is told to', async ({ onTestFinished: whenFinished }) => {
    const servers = await startServers(whenFinished);
    await Promise.all([1, 2].map((index) => servers.servers[index]!.kill()));
    const child = spawnMuster(['scheduler'], { MUSTER_NATS: servers.servers[0]!.url });
    whenFinished(() => {
      child.kill('SIGKILL');
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let said = '';
    child.stderr!.on('data', (data) => (said += data));
    child.stdout!.on('data', (data) => (said += data));
    await vi.waitFor(() => expect(said).toContain('waiting'), { timeout: 20_000 });
    child.kill('SIGTERM');
    await ended;
    expect(said).not.toContain('fault of muster');
  });
});

it('connections are spread again over servers that come back', { retry: 2 }, async () => {
  const servers = await startServers(onTestFinished);
  const count = 24;
  const connections = await Promise.all(
    Array.from({ length: count }, () => connectNats(servers.url, { name: 'test', lasts: true })),
  );
  onTestFinished(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
  });
  const perServer = () =>
    servers.servers.map(({ port }) => connections.filter((nc) => nc.getServer().endsWith(`:${port}`)).length);
  for (const index of [0, 1, 2]) {
    await servers.servers[index]!.stop();
    await vi.waitFor(() => expect(perServer()[index]).toBe(0), { timeout: 30_000 });
    await delay(1_500); // the others hear that it is gone
    await servers.restart(index);
    await delay(1_500); // and that it is back
  }
  // Of 24, fewer than two on one of three by chance: once in a thousand times.
  await vi.waitFor(() => expect(Math.min(...perServer())).toBeGreaterThanOrEqual(2), {
    timeout: 20_000,
    interval: 250,
  });
});
