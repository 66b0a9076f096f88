// Whoever is connected to NATS says once that he lost it, and once that it is there again: not at each try.
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady } from '../harness/sightings.ts';

const OUTAGE_MS = 3_000;
const WARNING = 40;
const INFO = 30;

let cluster: TestCluster;

afterEach(() => cluster.stop());

const newsOf = ({ log }: RoleProcess) => log.filter(({ msg }) => msg.startsWith('the connection to NATS is'));

/** In place of the server: each try gets as far as a connection. */
async function answerAndHangUp(url: string): Promise<() => Promise<unknown>> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), '127.0.0.1', resolve));
  return () => new Promise((resolve) => server.close(resolve));
}

it('a role, an agent and each connection of up tell of an outage in two lines', {
  timeout: 60_000,
}, async () => {
  cluster = await startCluster({ heartbeatMs: 1_000 });
  const [role, up, agent] = await Promise.all([
    cluster.start('orchestrator'),
    cluster.launch(['up', '--nats', cluster.url, '--backend', 'simulator', '--dir', `${cluster.dir}/up`]),
    cluster.startAgent('one', { backend: 'process' }),
  ]);
  const watch = await cluster.watch();
  await watch.until('both nodes', areReady(2));
  await cluster.nats.kill();
  const hangUp = await answerAndHangUp(cluster.url);
  await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
  await hangUp();
  await cluster.nats.restart();
  const server = cluster.url.replace('nats://', '');
  const once = [
    { level: WARNING, server, msg: 'the connection to NATS is lost: looking for it again' },
    { level: INFO, server, msg: 'the connection to NATS is there again', afterMs: expect.any(Number) },
  ];
  await expect.poll(() => newsOf(role), { timeout: 30_000 }).toMatchObject(once);
  await expect.poll(() => newsOf(agent), { timeout: 30_000 }).toMatchObject(once);
  expect(newsOf(agent)[1]!.afterMs).toBeGreaterThanOrEqual(OUTAGE_MS - 100);
  await expect.poll(() => newsOf(up).length, { timeout: 30_000 }).toBe(4);
  for (const name of ['muster-control-1', 'muster-agent-simulator'])
    expect(newsOf(up).filter(({ connection }) => connection === name)).toMatchObject(once);
  await role.stop();
  expect(newsOf(role)).toHaveLength(2);
});
