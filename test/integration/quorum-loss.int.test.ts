// Two of three servers are killed, and what is left is the one that is behind. Without a leader it answers what it is asked of
// a stream from its own copy, which ends before what everybody has read: nothing is lost for that, and nobody takes it so.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LOG_STREAM } from '@muster/log';
import { connectNats, type NatsCluster, startNatsCluster } from '@muster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import { untilStored } from '../harness/until-stored.ts';
import type { Watch } from '../harness/watch.ts';

/** More than the kernel keeps of what was sent to a server that stands still, which would not be behind for less. */
const MEGABYTES = 24;
/** A server asks for a leader for ten seconds before it answers without one. */
const LEADERLESS_MS = 40_000;
/** Twice as long as a leader that knows too little is not believed. */
const BELIEF_MS = 4_000;

let servers: NatsCluster;
let cluster: TestCluster;
let watch: Watch;
let roles: RoleProcess[];

beforeAll(async () => {
  servers = await startNatsCluster({ size: 3 });
  // Everybody sits on one of the two that will be killed, and knows the others from it.
  cluster = await startCluster({ heartbeatMs: 1_000, url: servers.servers[0]!.url });
  const control = await cluster.startControl(1, '--stream-replicas', '3');
  const agent = await cluster.startAgent('one', { backend: 'simulator' });
  roles = [...controlRoles.flatMap((role) => control[role]), agent];
  watch = await cluster.watch();
  await watch.until('a node', areReady(1));
});

afterAll(async () => {
  await cluster?.stop();
  await servers?.stop();
});

it('costs nobody what he has read', { timeout: 180_000 }, async () => {
  // Nobody sits on it, and an election is not what this is about.
  const left = (await servers.leaderOf(LOG_STREAM)) === 2 ? 1 : 2;
  const others = [0, 1, 2].filter((index) => index !== left);
  const last = servers.servers[left]!;
  await last.kill('SIGSTOP');
  for (let count = 0; count < MEGABYTES; count += 1)
    await untilStored(() => watch.log.append('muster.intent.ana.service.apply.web', randomBytes(1_000_000)));
  await untilStored(() => cluster.intend(watch, 'apply', 'web', { image: 'web', replicas: 3 }));
  await watch.until('three tasks', hasConverged('web', 3));
  const read = watch.state.head;
  await Promise.all(others.map((index) => servers.servers[index]!.kill()));
  await last.kill('SIGCONT');

  const nc = await connectNats(last.url, { name: 'test', waitMs: 10_000 });
  await expect
    .poll(() => endWithoutLeader(nc), { timeout: LEADERLESS_MS })
    .toSatisfy((end: number) => end < read);
  await nc.close();
  await delay(BELIEF_MS); // what is not to be said is told by nobody

  await Promise.all(others.map((index) => servers.restart(index)));
  await untilStored(() => cluster.intend(watch, 'scale', 'web', { replicas: 5 }));
  await watch.until('five tasks', hasConverged('web', 5), 60_000);
  expect(await cluster.print('service', 'ls')).toMatch(/web .*5\/5/);
  const endings = await Promise.all(roles.map(({ ended }) => Promise.race([ended, 'runs'])));
  expect(endings).toEqual(roles.map(() => 'runs'));
  expect(roles.flatMap(({ role, log }) => log.map(({ msg }) => `${role}: ${msg}`).filter(isOfLoss))).toEqual(
    [],
  );
});

/** Where somebody is to begin again, or has ended. */
const isOfLoss = (said: string) =>
  /not in the log any more|is another one now|lost its end|ended by itself|cannot go on/.test(said);

/** Of its own copy; no number while it does not answer without a leader, or there is one. */
async function endWithoutLeader(nc: Awaited<ReturnType<typeof connectNats>>): Promise<number> {
  const answer = await nc.request(`$JS.API.STREAM.INFO.${LOG_STREAM}`, undefined, { timeout: 2_000 });
  const { state, cluster: of } = answer.json<{
    state?: { last_seq: number };
    cluster?: { leader?: string };
  }>();
  return state === undefined || of?.leader ? Number.NaN : state.last_seq;
}
