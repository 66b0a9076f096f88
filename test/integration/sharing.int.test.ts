// Copies of every reducer share the work while services come without a pause, on one nats-server and on three: one copy
// is killed, one is stopped for longer than it takes to be forgotten and wakes up again, a server is killed. Nobody waits
// for long, nothing is lost, nothing is done twice; the watch checks every record meanwhile.
import { type NatsCluster, startNatsCluster } from '@muster/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { type ControlRole, reducers, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import { untilStored } from '../harness/until-stored.ts';
import type { Watch } from '../harness/watch.ts';

const COPIES = 2;
const EVERY_MS = 60;
/** Longer than a copy that says nothing is counted on (GONE_AFTER_MS). */
const STOPPED_MS = 4_500;
/** A fifth of a second is meant; a machine with too much to do gets more. */
const LONGEST_WAIT_MS = 1_000;

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of clean.splice(0).reverse()) await end();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Running {
  readonly cluster: TestCluster;
  readonly watch: Watch;
  readonly copies: Record<ControlRole, RoleProcess[]>;
}

async function startEverything(url?: string): Promise<Running> {
  const cluster = await startCluster({ heartbeatMs: 2_000, ...(url !== undefined && { url }) });
  clean.push(() => cluster.stop());
  const copies = await cluster.startControl(COPIES, ...(url === undefined ? [] : ['--stream-replicas', '3']));
  await Promise.all(['one', 'two'].map((name) => cluster.startAgent(name, { backend: 'simulator' })));
  const watch = await cluster.watch();
  await watch.until('both nodes', areReady(2));
  return { cluster, watch, copies };
}

/** One service after the other while `strike` lasts, and a little longer. Their names. */
async function submitDuring({ cluster, watch }: Running, strike: () => Promise<void>): Promise<string[]> {
  let over = false;
  const striking = strike().finally(() => {
    over = true;
  });
  const names: string[] = [];
  for (let after = 0; after < 10; after += over ? 1 : 0) {
    const name = `s${watch.state.head}x${names.length}`;
    await untilStored(() => cluster.intend(watch, 'apply', name, { image: 'app', replicas: 2 }));
    names.push(name);
    await pause(EVERY_MS); // the pace of whoever asks, not a wait for anything
  }
  await striking;
  return names;
}

async function expectAllDone({ watch }: Running, names: readonly string[]): Promise<void> {
  for (const name of names) await watch.until(`${name} with 2`, hasConverged(name, 2), 60_000);
  expect(watch.state.intents.size).toBe(0);
  for (const name of names) {
    const service = watch.state.serviceByName.get('', name)!;
    expect([...service.tasks.values()].map(({ generation }) => generation)).toEqual([1, 1]);
  }
}

/** By the log's clock: how long each of these intents waited for its verdict, and each service for its tasks. */
function longestWaits({ watch }: Running, names: readonly string[]) {
  const asked = new Map<string, number>();
  const nameById = new Map<string, string>();
  const waits = { verdict: [] as number[], tasks: [] as number[], node: [] as number[] };
  const decidedAt = new Map<string, number>();
  for (const fact of watch.facts) {
    if (fact.is === 'intent' && names.includes(fact.name ?? '') && !asked.has(fact.name!))
      asked.set(fact.name!, fact.time);
    if (fact.is !== 'event') continue;
    const { event, time } = fact;
    if (event.type === 'service.created' && asked.has(event.spec.name)) {
      nameById.set(event.serviceId, event.spec.name);
      waits.verdict.push(time - asked.get(event.spec.name)!);
      decidedAt.set(event.serviceId, time);
    } else if (event.type === 'service.reconciled' && nameById.has(event.serviceId)) {
      if (event.created.length > 0) waits.tasks.push(time - decidedAt.get(event.serviceId)!);
      for (const { id } of event.created) decidedAt.set(id, time);
    } else if (event.type === 'tasks.assigned') {
      for (const id of event.tasks) if (decidedAt.has(id)) waits.node.push(time - decidedAt.get(id)!);
    }
  }
  return Object.fromEntries(
    Object.entries(waits).map(([kind, times]) => {
      const sorted = times.sort((a, b) => a - b);
      return [kind, { median: sorted[sorted.length >> 1]!, longest: sorted.at(-1)! }];
    }),
  );
}

function report(what: string, running: Running, names: readonly string[]) {
  const waits = longestWaits(running, names);
  console.log(
    `${what}: ${names.length} services; ms from one decision to the next: ${JSON.stringify(waits)}`,
  );
  return Object.values(waits).map(({ longest }) => longest);
}

async function killOneOfEach({ cluster, copies }: Running): Promise<void> {
  for (const role of reducers) {
    await pause(500);
    await copies[role][0]!.kill();
    await pause(1_500);
    copies[role][0] = await cluster.start(role);
  }
}

async function stopOneOfEach({ copies }: Running): Promise<void> {
  await pause(300);
  for (const role of reducers) copies[role][1]!.signal('SIGSTOP');
  await pause(STOPPED_MS);
  for (const role of reducers) copies[role][1]!.signal('SIGCONT');
  await pause(1_000);
}

describe('two copies on one nats-server', () => {
  it('hardly miss one that is killed', async () => {
    const running = await startEverything();
    const names = await submitDuring(running, () => killOneOfEach(running));
    await expectAllDone(running, names);
    for (const longest of report('kill -9', running, names)) expect(longest).toBeLessThan(LONGEST_WAIT_MS);
  }, 120_000);

  it('hardly miss one that is stopped, and let it in again', async () => {
    const running = await startEverything();
    const names = await submitDuring(running, () => stopOneOfEach(running));
    await expectAllDone(running, names);
    for (const longest of report('SIGSTOP', running, names)) expect(longest).toBeLessThan(LONGEST_WAIT_MS);
  }, 120_000);
});

describe('two copies on three nats-servers', () => {
  it('lose nothing when a copy is killed, one is stopped, and a server is lost', async () => {
    const servers: NatsCluster = await startNatsCluster({ size: 3 });
    clean.push(() => servers.stop());
    const running = await startEverything(servers.url);
    const names = await submitDuring(running, async () => {
      await running.copies.orchestrator[0]!.kill();
      await stopOneOfEach(running);
      const leader = (await servers.leaderOf('MUSTER_LOG'))!;
      await servers.servers[leader]!.kill();
      await pause(2_000);
      await running.copies.scheduler[0]!.kill();
      await servers.restart(leader);
    });
    report('three servers', running, names);
    await expectAllDone(running, names);
  }, 180_000);
});
