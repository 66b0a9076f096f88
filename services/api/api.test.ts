import { MemoryLog } from '@muster/log';
import {
  type Bus,
  MemoryBus,
  type ServeQueries,
  serveOnBus,
  silentLogger,
  startFollower,
  systemClock,
  type Timer,
} from '@muster/runtime';
import { hashState } from '@muster/state';
import { type History, joinReadyNode, report, startHistory } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { runService } from './audit/story.fixture.ts';
import { createQueryClient, NoApiError, type QueryClient } from './client/client.ts';
import { startApi } from './serve.ts';

/** A clock whose timers fire when told to. */
function startManualClock() {
  const timers = new Set<() => void>();
  return {
    now: () => 0,
    schedule(_delay: number, action: () => void): Timer {
      timers.add(action);
      return { cancel: () => timers.delete(action) };
    },
    fireAll() {
      for (const action of [...timers]) {
        timers.delete(action);
        action();
      }
    },
    get waiting() {
      return timers.size;
    },
  };
}

let history: History;
let log: MemoryLog;
let bus: Bus;
let client: QueryClient;
let clock: ReturnType<typeof startManualClock>;
let loseSight: () => void;
let lateMs: number;

beforeEach(() => {
  history = startHistory();
  joinReadyNode(history, 'n1');
});

/** The history's records in a log, an API that follows it, and a client on the same bus. */
async function startCluster(serve?: (bus: Bus) => ServeQueries): Promise<void> {
  let time = 0;
  lateMs = 0;
  log = new MemoryLog({ now: () => time });
  for (const { subject, data, time: at } of history.records) {
    time = at;
    await log.append(subject, data);
  }
  const memoryBus = new MemoryBus({ clock: systemClock });
  bus = memoryBus.client('client');
  clock = startManualClock();
  const apiBus = memoryBus.client('api');
  const follow = log.follow.bind(log);
  log.follow = async (options) => {
    loseSight = () => options.onInterrupted?.();
    return Object.assign(await follow(options), { measureLateMs: () => lateMs });
  };
  const follower = await startFollower({ log, clock: systemClock, logger: silentLogger });
  await startApi({
    follower,
    log,
    bus: apiBus,
    clock,
    logger: silentLogger,
    ...(serve && { serve: serve(apiBus) }),
  });
  client = createQueryClient(bus);
}

it('answers a whole list though it takes many messages', async () => {
  runService(history, 'web', { replicas: 5_000, running: 0 });
  await startCluster();
  const tasks = await client.list('service.tasks', { service: 'web' });
  expect(tasks.map(({ slot }) => slot)).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
});

it('answers within what the server takes, and says so where it can not', async () => {
  runService(history, 'web', { replicas: 300, running: 300 });
  await startCluster();
  Object.defineProperty(log, 'maxRecordBytes', { get: () => limit });
  let limit = 4_000;
  expect(await client.list('service.tasks', { service: 'web' })).toHaveLength(300);
  limit = 600;
  await expect(client.ask('service.inspect', { service: 'web' })).rejects.toMatchObject({
    kind: 'unsupported',
    message: expect.stringMatching(/^the answer has \d+ bytes, and the server takes at most 600: /),
  });
});

it('says how late it is, and nothing of what is on its way', async () => {
  await startCluster();
  lateMs = 1_500;
  expect(await client.ask('status', {})).toMatchObject({ outOfSightMs: undefined });
  lateMs = 7_000;
  expect(await client.ask('status', {})).toMatchObject({ outOfSightMs: 7_000 });
});

it('says since when it has not seen the log', async () => {
  await startCluster();
  expect(await client.ask('status', {})).toMatchObject({ outOfSightMs: undefined });
  loseSight();
  expect(await client.ask('status', {})).toMatchObject({ outOfSightMs: expect.any(Number) });
});

it('refuses in the words of the API, and knows when there is none', async () => {
  await startCluster();
  await expect(client.ask('service.inspect', { service: 'web' })).rejects.toMatchObject({
    name: 'QueryRefusedError',
    kind: 'not-found',
    message: 'no such service: web',
  });
  const alone = createQueryClient(new MemoryBus({ clock: systemClock }).client('x'));
  await expect(alone.ask('status', {})).rejects.toThrow(NoApiError);
});

it.each([
  ['{', 'the request is not JSON'],
  ['{"limit":"many"}', 'limit: '],
  ['[]', 'request: '],
])('refuses the request %s', async (payload, message) => {
  await startCluster();
  const reply = await bus.request('muster.query.service.list', new TextEncoder().encode(payload), {
    timeoutMs: 1000,
  });
  expect(JSON.parse(new TextDecoder().decode(reply.data))).toMatchObject({
    error: { kind: 'invalid', message: expect.stringContaining(message) },
  });
});

describe('a query with a sequence to be reached', () => {
  it('is answered from a state that has it', async () => {
    await startCluster();
    const minSeq = history.records.length + 1;
    const answer = client.ask('status', { minSeq });
    await log.append('muster.intent.ana.service.remove.web', new Uint8Array());
    expect((await answer).seq).toBeGreaterThanOrEqual(minSeq);
  });

  it('is refused when the fold does not get there', async () => {
    await startCluster();
    const answer = client.ask('status', { minSeq: 1_000 });
    const refused = expect(answer).rejects.toMatchObject({
      kind: 'timeout',
      message: expect.stringContaining('1000'),
    });
    while (clock.waiting === 0) await Promise.resolve();
    clock.fireAll();
    await refused;
  });
});

describe('the state', () => {
  it('at any sequence and any time is what the log folds to', async () => {
    runService(history, 'web', { replicas: 2, running: 2 });
    await startCluster();
    const again = startHistory();
    for (const { seq, subject, data, time } of history.records) {
      again.record(subject, data);
      const hash = hashState(again.state);
      expect((await client.ask('state.hash', { at: seq })).answer).toEqual({ seq, time, hash });
      const at = new Date(time).toISOString();
      expect((await client.ask('state.hash', { at })).answer.hash).toBe(hash);
    }
    expect((await client.ask('state.hash', {})).answer.hash).toBe(hashState(history.state));
    await expect(client.ask('state.hash', { at: 10_000 })).rejects.toThrow('there is no 10000 yet');
  });

  it('comes in rows, in pages of one and the same moment', async () => {
    runService(history, 'web', { replicas: 3, running: 3 });
    await startCluster();
    const whole = await client.list('state.rows', {});
    const rows: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.ask('state.rows', { limit: 4, ...(cursor !== undefined && { cursor }) });
      rows.push(...page.answer);
      cursor = page.next;
      await log.append('muster.intent.ana.service.remove.db', new Uint8Array());
    } while (cursor !== undefined);
    expect(rows).toEqual(whole);
  });
});

describe('audit', () => {
  const stories = async (about?: string) =>
    (await client.list('audit', about === undefined ? {} : { about })).map(
      ({ seq, who, what }) => `${seq} ${who} ${what}`,
    );

  it('tells a service from the intent to the containers, and nothing of others', async () => {
    const { intent } = runService(history, 'web', { replicas: 2, running: 2 });
    runService(history, 'db', { replicas: 1, running: 1 });
    await startCluster();
    expect(await stories('web')).toEqual([
      `${intent} ana asked to create service web (nginx, 2 replicas)`,
      `${intent + 1} orchestrator accepted #${intent}: service web is created (nginx, 2 replicas)`,
      `${intent + 2} orchestrator created web.1, web.2`,
      `${intent + 3} allocator service web needs no ports: its tasks can be placed`,
      `${intent + 4} scheduler gave web.1, web.2 to node n1`,
      `${intent + 5} n1 web.1, web.2 running`,
    ]);
  });

  it('tells a task with its own chain, and the task it replaced', async () => {
    const { id, intent, tasks } = runService(history, 'web', { replicas: 3, running: 3 });
    const specVersion = intent + 1;
    const failed = report(
      history,
      'n1',
      { id: tasks[0]!, state: 'failed', err: 'boom' },
      { id: tasks[2]!, state: 'failed', err: 'bang' },
    );
    const next = 'b'.repeat(25);
    const replaced = history.append({
      type: 'service.reconciled',
      cause: failed,
      serviceId: id,
      specVersion,
      created: [
        { id: next, slot: 1, generation: 2, replaces: tasks[0]!, cause: 'restart' },
        { id: 'd'.repeat(25), slot: 3, generation: 2, replaces: tasks[2]!, cause: 'restart' },
      ],
      desired: [{ id: tasks[0]!, state: 'shutdown' }],
      why: ['web.1 ended: boom; replaced', 'web.3 ended: bang; replaced'],
    });
    await startCluster();
    const entries = await client.list('audit', { about: next });
    expect(entries.map(({ seq }) => seq)).toEqual([intent, intent + 1, intent + 3, failed, replaced]);
    expect(entries.at(-2)).toMatchObject({ who: 'n1', what: 'web.1 failed: boom' });
    expect(entries.at(-1)).toMatchObject({
      what: `created web.1 in place of task ${tasks[0]!.slice(0, 12)}; wants web.1 shut down`,
      why: 'web.1 ended: boom; replaced',
      cause: failed,
    });
    expect(await stories('web.2')).toEqual(await stories(tasks[1]!));
  });

  it('finds what is gone, all that bore a name, and what was refused', async () => {
    const first = history.intend('create', 'web', { image: '' });
    history.append({
      type: 'intent.rejected',
      cause: first,
      intent: first,
      actor: 'ana',
      kind: 'invalid',
      message: 'no image',
    });
    const { id } = runService(history, 'web', { replicas: 0, running: 0 });
    const removal = history.intend('remove', 'web', undefined);
    history.append({ type: 'service.removed', cause: removal, serviceId: id, actor: 'ana' });
    runService(history, 'web', { replicas: 0, running: 0 });
    expect(history.state.services.has(id)).toBe(false);
    await startCluster();
    const told = await stories('web');
    expect(told[0]).toBe(`${first} ana asked to create service web`);
    expect(told[1]).toBe(`${first + 1} orchestrator rejected #${first}`);
    expect(told.filter((line) => line.includes('is created'))).toHaveLength(2);
    expect((await stories(id)).filter((line) => line.includes('is created'))).toHaveLength(1);
  });

  it('tells a name that only ever was refused, and refuses one nobody used', async () => {
    const seq = history.intend('scale', 'ghost', { replicas: 2 });
    history.append({
      type: 'intent.rejected',
      cause: seq,
      intent: seq,
      actor: 'ana',
      kind: 'not-found',
      message: 'service ghost not found',
    });
    await startCluster();
    expect(await stories('ghost')).toHaveLength(2);
    await expect(stories('nobody')).rejects.toThrow('no such service, task, node or network: nobody');
  });

  it('of everything is the whole log', async () => {
    runService(history, 'web', { replicas: 1, running: 1 });
    await startCluster();
    expect((await client.list('audit', {})).map(({ seq }) => seq)).toEqual(
      history.records.map(({ seq }) => seq),
    );
  });
});

it.each(['a b', 'a\nb', '*', '>', 'web.>', '.', 'a..b', 'x'.repeat(5_000), '@/web', 'a b/web'])(
  'knows no story of %j, which nobody can have asked for',
  async (about) => {
    runService(history, 'web', { replicas: 1, running: 1 });
    await startCluster();
    await expect(client.ask('audit', { about })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(client.ask('audit', { about: 'web', team: about })).rejects.toMatchObject({
      kind: 'not-found',
    });
  },
);

it('listens through whatever it is given', async () => {
  const subjects: string[] = [];
  await startCluster((apiBus) => async (service) => {
    subjects.push(...service.endpoints.map(({ subject }) => subject));
    return serveOnBus(apiBus, service);
  });
  expect(subjects).toContain('muster.query.service.list');
  expect((await client.ask('status', {})).answer.nodes).toEqual({ ready: 1 });
});

it.each(['x', 'NaN:1', '1e99:000000000001'])('refuses the cursor "%s" of no page', async (cursor) => {
  await startCluster();
  await expect(client.ask('state.rows', { cursor })).rejects.toMatchObject({ kind: 'invalid' });
});
