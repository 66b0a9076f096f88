// Questions that read the whole log, a hundred at once: whoever asks for something else notices nothing of them, and none is
// left without an answer.
import { readFile } from 'node:fs/promises';
import { createQueryClient, type QueryClient, type QueryReply, querySubject } from '@muster/api';
import { composeEvent, encodeJson } from '@muster/events';
import { connectNats, NatsBus } from '@muster/runtime';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const RECORDS = 150_000;
const AT_ONCE = 100;
const PER_WAVE = 5_000;
/** The machine is busy with two of the reads, and may be with other tests. */
const NOT_SLOWER = 6;
const NOT_SLOWER_MS = 500;
const MOST_MORE_MEGABYTES = 400;

let cluster: TestCluster;
let watch: Watch;
let api: RoleProcess;
let connection: Awaited<ReturnType<typeof connectNats>>;
let client: QueryClient;

beforeAll(async () => {
  // Without a rung on the way, every moment is far from where folding begins.
  cluster = await startCluster({ env: { MUSTER_SNAPSHOT_EVERY: '100000000' } });
  await cluster.startAgent('one', { backend: 'simulator' });
  watch = await cluster.watch({ strict: false });
  // Before anybody else is there: it takes them less to read it afterwards.
  await writeMuch();
  const control = await cluster.startControl(1);
  api = control.api[0]!;
  await watch.until('the node', areReady(1));
  connection = await connectNats(cluster.url, { name: 'test' });
  client = createQueryClient(new NatsBus(connection));
}, 120_000);

afterAll(async () => {
  await connection?.close();
  await cluster?.stop();
});

/** What is folded, and asks nobody to do anything. */
async function writeMuch(): Promise<void> {
  const nodeId = await cluster.nodeId('one');
  const { subject, data } = composeEvent(
    { type: 'tasks.reported', cause: 1, nodeId, session: 'of-long-ago', statuses: [] },
    Date.now(),
  );
  for (let written = 0; written < RECORDS; written += PER_WAVE)
    await Promise.all(Array.from({ length: PER_WAVE }, () => watch.log.append(subject, data)));
  await watch.until('all of it', ({ state }) => state.head >= RECORDS, 60_000);
}

const names = (function* () {
  for (let count = 1; ; count += 1) yield `web${count}`;
})();

/** Of the middle one of so many, until its tasks run. */
async function timeIntents(count: number): Promise<number> {
  return timeMiddle(count, async () => {
    const name = names.next().value!;
    await cluster.intend(watch, 'apply', name, { image: 'x', replicas: 1 });
    await watch.until(name, hasConverged(name, 1));
  });
}

async function timeMiddle(count: number, step: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const startedAt = performance.now();
    await step();
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[Math.floor(count / 2)]!;
}

async function measureMegabytes({ pid }: RoleProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

/** The most that it has until the end of what is given. */
async function watchMemory(role: RoleProcess, until: Promise<unknown>): Promise<number> {
  let most = 0;
  let over = false;
  until.finally(() => (over = true)).catch(() => undefined);
  while (!over) {
    most = Math.max(most, await measureMegabytes(role));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return most;
}

it('are answered or put off, and keep nobody else waiting', { timeout: 120_000 }, async () => {
  const usual = await timeIntents(15);
  const before = await measureMegabytes(api);
  const { head } = watch.state;
  const outcomes = Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) =>
      client.ask('state.hash', { at: head - index }, { timeoutMs: 60_000 }).then(
        ({ answer }) => (answer.seq === head - index ? 'answered' : `of ${answer.seq}`),
        (error: Error) => error.message,
      ),
    ),
  );
  const memory = watchMemory(api, outcomes);
  const loaded = await timeIntents(15);
  const queried = await timeMiddle(5, () => client.ask('service.list', {}));
  expect(loaded).toBeLessThan(NOT_SLOWER * usual + NOT_SLOWER_MS);
  expect(queried).toBeLessThan(2 * NOT_SLOWER_MS);

  const said = await outcomes;
  expect(said.filter((word) => word === 'answered').length).toBeGreaterThanOrEqual(2);
  const others = said.filter((word) => word !== 'answered');
  expect(others.length).toBeGreaterThan(0);
  for (const other of others)
    expect(other).toMatch(/^this API reads the log for \d+ others already: try again in \d+ s$/);
  expect((await memory) - before).toBeLessThan(MOST_MORE_MEGABYTES);
  // There is room again.
  expect((await client.ask('state.hash', { at: head })).answer.seq).toBe(head);
});

it('are given up when whoever asked is gone', { timeout: 60_000 }, async () => {
  const { head } = watch.state;
  const passing = await connectNats(cluster.url, { name: 'passing' });
  const whileHeard = new NatsBus(passing).inbox();
  passing.subscribe(whileHeard);
  await passing.flush();
  // Two are read and sixteen wait. We hear the answers in the other's stead.
  const answers = Array.from({ length: 18 }, (_, index) => {
    const request = { at: head - index, waitMs: 120_000, whileHeard };
    const reply = new NatsBus(connection).inbox();
    return new Promise<QueryReply>((resolve) => {
      connection.subscribe(reply, { max: 1, callback: (_error, message) => resolve(message.json()) });
      connection.publish(querySubject('state.hash'), encodeJson(request), { reply });
    });
  });
  const askMore = () => client.ask('state.hash', { at: head - 50 }).then(() => 'answered', String);
  await vi.waitUntil(async () => /try again in/.test(await askMore()), { timeout: 4_000, interval: 20 });
  await passing.close();
  expect((await answers[17]!).error?.message).toBe('nobody waits for this any more');
  await Promise.all(answers);
  expect(await askMore()).toBe('answered');
});
