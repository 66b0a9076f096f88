// One of three servers is killed, the one that leads what matters: as soon as another leads in its place, agents obey again.
import { setTimeout as delay } from 'node:timers/promises';
import { COMMANDS_STREAM, inspectStore, LOG_STREAM } from '@muster/log';
import { connectNats, type NatsCluster, startNatsCluster } from '@muster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import { failing, probeUntil } from '../harness/telemetry.ts';
import { untilStored } from '../harness/until-stored.ts';
import type { Watch } from '../harness/watch.ts';

/** Two seconds from the election on; and a busy machine. What waits for a dead server waits for half a minute. */
const SOON_MS = 2_000 + 5_000;

let servers: NatsCluster;
let cluster: TestCluster;
let watch: Watch;
let agents: RoleProcess[];

beforeAll(async () => {
  servers = await startNatsCluster({ size: 3 });
  cluster = await startCluster({ heartbeatMs: 1_000, url: servers.url });
  await cluster.startControl(1, '--stream-replicas', '3');
  agents = await Promise.all(
    ['one', 'two', 'three'].map((name) =>
      cluster.startAgent(name, { backend: 'simulator', args: ['--metrics', '0'] }),
    ),
  );
  watch = await cluster.watch();
  await watch.until('three nodes', areReady(3));
});

afterAll(async () => {
  await cluster?.stop();
  await servers?.stop();
});

async function untilElected(): Promise<number> {
  const leaders = () =>
    Promise.all([servers.metaLeader(), servers.leaderOf(LOG_STREAM), servers.leaderOf(COMMANDS_STREAM)]);
  while ((await leaders()).includes(undefined)) await delay(25); // servers tell nobody
  return performance.now();
}

it.each([
  ['all', () => servers.metaLeader(), 3],
  ['the commands', () => servers.leaderOf(COMMANDS_STREAM), 6],
  ['all, once more', () => servers.metaLeader(), 4],
] as const)('the leader of %s', { timeout: 120_000 }, async (_, leaderOf, replicas) => {
  await untilElected();
  const index = (await leaderOf())!;
  await servers.servers[index]!.kill();
  const electing = untilElected();
  await untilStored(() => cluster.intend(watch, 'apply', 'web', { image: 'web', replicas }));
  const storedAt = performance.now();
  await watch.until(`${replicas} tasks`, hasConverged('web', replicas), 60_000);
  const convergedAt = performance.now();
  const electedAt = Math.max(storedAt, await electing);
  expect(convergedAt - electedAt).toBeLessThan(SOON_MS);
  for (const agent of agents) await probeUntil(agent, 'readyz', (answer) => failing(answer).length === 0);
  expect(performance.now() - electedAt).toBeLessThan(2 * SOON_MS);
  await servers.restart(index);
});

it('commands that are gone are made again on as many servers as the log', async () => {
  await untilElected();
  const nc = await connectNats(servers.url, { name: 'test' });
  await nc.request(`$JS.API.STREAM.DELETE.${COMMANDS_STREAM}`, undefined, { timeout: 10_000 });
  await cluster.intend(watch, 'scale', 'web', { replicas: 2 });
  await watch.until('two tasks', hasConverged('web', 2));
  const { streams } = await inspectStore(nc);
  await nc.close();
  const followers = Object.fromEntries(streams.map(({ name, followers: others }) => [name, others.length]));
  expect(followers).toMatchObject({ [LOG_STREAM]: 2, [COMMANDS_STREAM]: 2 });
});
