// A server whose way to the others is cut, while its clients reach it and them: who follows the log over it goes to another
// server, once, and nobody goes anywhere while no server sees the log.
import { setTimeout as delay } from 'node:timers/promises';
import { ensureStreams, JetStreamCommandStore, JetStreamLog, listConsumerStats } from '@muster/log';
import { connectNats, type NatsCluster, startNatsCluster } from '@muster/runtime';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Hosts, noHosts, ports, startHosts } from './hosts.ts';

const clean: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of clean.splice(0).reverse()) await end();
});

const SUBJECT = 'muster.event.orchestrator.service.x';

async function startServers(): Promise<{ hosts: Hosts; servers: NatsCluster }> {
  const hosts = await startHosts(3);
  clean.push(() => hosts.stop());
  const servers = await startNatsCluster({ size: 3, hosts: hosts.all });
  clean.push(() => servers.stop());
  const nc = await connectNats(servers.url, { name: 'founder' });
  await ensureStreams(nc, { replicas: 3 });
  await nc.close();
  return { hosts, servers };
}

/** All that its server is told by the others, and tells them, is lost. */
async function cutRoutes(hosts: Hosts, index: number): Promise<void> {
  const own = hosts.all[index]!;
  for (const other of hosts.all.filter((host) => host !== own)) {
    for (const [one, to] of [
      [own, other],
      [other, own],
    ] as const)
      await hosts.deafen(one, to, ports.routes);
  }
}

async function connectTo(url: string) {
  const nc = await connectNats(url, { name: 'test', lasts: true });
  clean.push(() => nc.close());
  let moves = 0;
  const watch = async () => {
    for await (const { type } of nc.status()) if (type === 'reconnect') moves += 1;
  };
  watch().catch(() => undefined);
  const isWell = () => listConsumerStats(nc).every(({ interrupted, isSilent }) => !interrupted && !isSilent);
  return { nc, seqs: [] as number[], countMoves: () => moves, isWell };
}

function fail(error: Error): never {
  throw error;
}

/** As roles do. */
async function followLogFrom(url: string) {
  const follower = await connectTo(url);
  const log = new JetStreamLog(follower.nc);
  const following = await log.follow({
    from: 1,
    onRecord: ({ seq }) => follower.seqs.push(seq),
    onError: fail,
  });
  clean.push(() => following.stop());
  return follower;
}

/** As an agent does. */
async function followCommandsFrom(url: string) {
  const follower = await connectTo(url);
  const commands = new JetStreamCommandStore(follower.nc);
  const following = await commands.follow({
    nodeId: 'n1',
    onCommand: ({ seq }) => follower.seqs.push(seq),
    onCaughtUp: () => undefined,
    onError: fail,
  });
  clean.push(() => following.stop());
  return follower;
}

async function stepDownUntil(servers: NatsCluster, isSo: () => Promise<boolean>): Promise<void> {
  const nc = await connectNats(servers.url, { name: 'test' });
  while (!(await isSo()))
    await nc.request('$JS.API.STREAM.LEADER.STEPDOWN.MUSTER_LOG', undefined, { timeout: 5_000 });
  await nc.close();
}

const indices = [0, 1, 2];

async function findLeaders(servers: NatsCluster) {
  const [log, commands, meta] = await vi.waitUntil(
    async () => {
      const found = await Promise.all([
        servers.leaderOf('MUSTER_LOG'),
        servers.leaderOf('MUSTER_COMMANDS'),
        servers.metaLeader(),
      ]);
      return found.includes(undefined) ? undefined : (found as number[]);
    },
    { timeout: 20_000, interval: 50 },
  );
  return { log: log!, commands: commands!, meta: meta! };
}

describe.runIf(noHosts === undefined)('a server that is cut off from the others', () => {
  it.each([
    ['that leads nothing', false],
    ['that led the log', true],
  ])('%s is left for one over which the others are seen', async (_, leads) => {
    const { hosts, servers } = await startServers();
    let leaders = await findLeaders(servers);
    if (!leads) {
      // Three leaders may sit on three servers.
      await stepDownUntil(servers, async () => {
        leaders = await findLeaders(servers);
        return new Set(Object.values(leaders)).size < 3;
      });
    }
    const cut = leads ? leaders.log : indices.find((index) => !Object.values(leaders).includes(index))!;
    const own = servers.servers[cut]!.url;
    const others = servers.servers[(cut + 1) % 3]!.url;
    const followers = await Promise.all([
      ...[1, 2, 3].map(() => followLogFrom(own)),
      ...[1, 2, 3].map(() => followCommandsFrom(own)),
    ]);
    const writer = await connectNats(others, { name: 'writer' });
    clean.push(() => writer.close());
    await cutRoutes(hosts, cut);
    const log = new JetStreamLog(writer, { retryForMs: 30_000 });
    const commands = new JetStreamCommandStore(writer, { retryForMs: 30_000 });
    await Promise.all([
      log.append(SUBJECT, new Uint8Array(1)),
      commands.put('n1', 't1', new Uint8Array(1), { expectLastSeq: 0 }),
    ]);
    const storedAt = performance.now();
    const took = await Promise.all(
      followers.map(async ({ seqs }) => {
        await expect.poll(() => seqs, { timeout: 20_000, interval: 20 }).toEqual([1]);
        return performance.now() - storedAt;
      }),
    );
    // Two seconds; more where another consumer was put on the server that is cut off, and waited for.
    expect(Math.min(...took), took.join(', ')).toBeLessThan(3_000);
    for (const { nc, countMoves } of followers) {
      expect(own).not.toContain(nc.getServer());
      expect(countMoves()).toBe(1);
    }
  });

  it('is not left while no other server sees the log either', async () => {
    const { hosts, servers } = await startServers();
    const { countMoves, isWell } = await followLogFrom(servers.url);
    for (const [index] of hosts.all.entries()) await cutRoutes(hosts, index);
    await expect.poll(isWell, { timeout: 20_000 }).toBe(false);
    await delay(4_000); // twice what it takes to move
    expect(countMoves()).toBe(0);
    await hosts.mend();
    await expect.poll(isWell, { timeout: 60_000 }).toBe(true);
  });
});
