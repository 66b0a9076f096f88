import { decodeCommand, encodeJson } from '@muster/events';
import {
  type AppendResult,
  type CommandRecord,
  LogRefusedError,
  LogUnavailableError,
  MemoryCommandStore,
  type MemoryCommandsOptions,
  RecordTooLargeError,
} from '@muster/log';
import { silentLogger } from '@muster/runtime';
import type { ClusterState } from '@muster/state';
import {
  assign,
  type History,
  joinReadyNode,
  report,
  START_TIME,
  startHistory,
  VirtualClock,
} from '@muster/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Deployed, deploy, desire, reap } from '../deploy.fixture.ts';
import { startFold } from '../fold.fixture.ts';
import { type CommandWriter, startCommandWriter } from './command-writer.ts';
import { TOMBSTONE_TTL_MS } from './tombstones.ts';

const HOUR = 3600_000;

let history: History;
let clock: VirtualClock;
let web: Deployed;
let fold: ReturnType<typeof startFold>;
let stored: { nodeId: string; taskId: string; type: string; basis: number; ttlMs: number | undefined }[];
let answer: MemoryCommandsOptions['intercept'];
let store: MemoryCommandStore;
let undelivered: [string, string, string | undefined][];

beforeEach(() => {
  history = startHistory();
  clock = new VirtualClock({ startAt: START_TIME });
  stored = [];
  undelivered = [];
  answer = undefined;
  store = new MemoryCommandStore({
    now: () => clock.now(),
    intercept: async (put, accept) => {
      const noted = () => {
        const result = accept();
        const { nodeId, taskId, options } = put;
        const { type, basis } = JSON.parse(new TextDecoder().decode(put.data));
        if (result.ok) stored.push({ nodeId, taskId, type, basis, ttlMs: options.ttlMs });
        return result;
      };
      return answer ? answer(put, noted) : noted();
    },
  });
  joinReadyNode(history, 'n1');
  joinReadyNode(history, 'n2');
  web = deploy(history, 'web', 20);
  fold = startFold(history.records);
});

async function start(options: { maxInFlight?: number } = {}): Promise<CommandWriter> {
  fold.foldTo(history.state.head);
  const writer = await startCommandWriter({
    follower: fold,
    store: store.client('ours'),
    clock,
    logger: silentLogger,
    onUndelivered: (...what) => undelivered.push(what),
    ...options,
  });
  await clock.settle();
  return writer;
}

async function foldAll(): Promise<void> {
  fold.foldTo(history.state.head);
  await clock.settle();
}

const types = () => stored.map(({ type }) => type);

describe('the command writer', () => {
  it('writes what is missing at its start', async () => {
    assign(history, 'n1', ...web.tasks);
    const writer = await start();
    expect(stored.map(({ nodeId, taskId }) => `${nodeId} ${taskId}`)).toEqual(
      web.tasks.map((id) => `n1 ${id}`),
    );
    expect(writer.isIdle()).toBe(true);
  });

  it('writes nothing at its start when all is there', async () => {
    assign(history, 'n1', ...web.tasks);
    await (await start()).stop();
    stored = [];
    await start();
    expect(stored).toEqual([]);
  });

  it('looks at thousands of tasks without holding up the process, at its start', async () => {
    history = startHistory();
    joinReadyNode(history, 'n1');
    const many = deploy(history, 'many', 5_000);
    fold = startFold(history.records);
    assign(history, 'n1', ...many.tasks);
    const first = await start();
    while (!first.isIdle()) await clock.advance(1);
    await first.stop();
    stored = [];
    desire(history, many, 'shutdown', many.tasks[4_999]!);
    fold = startFold(history.records);
    fold.foldTo(history.state.head);
    const writer = await startCommandWriter({ follower: fold, store, clock, logger: silentLogger });
    expect(writer.isIdle()).toBe(false);
    while (!writer.isIdle()) await clock.advance(1);
    expect(stored).toMatchObject([{ taskId: many.tasks[4_999], type: 'task' }]);
  });

  it('has a command on its way before the turn of the assignment ends', async () => {
    await start();
    assign(history, 'n1', web.tasks[0]!);
    fold.foldTo(history.state.head);
    expect(stored).toHaveLength(1);
  });

  it('forgets, with an end, what is over', async () => {
    const [task] = web.tasks as [string];
    assign(history, 'n1', task);
    await start();
    desire(history, web, 'remove', task);
    report(history, 'n1', { id: task, state: 'shutdown' });
    await foldAll();
    reap(history, web, task);
    await foldAll();
    expect(types()).toEqual(['task', 'task', 'forget']);
    expect(stored[2]).toMatchObject({ nodeId: 'n1', taskId: task, ttlMs: TOMBSTONE_TTL_MS });
  });

  it('forgets at its start what was over before', async () => {
    const [task] = web.tasks as [string];
    assign(history, 'n1', task);
    await (await start()).stop();
    desire(history, web, 'remove', task);
    report(history, 'n1', { id: task, state: 'shutdown' });
    reap(history, web, task);
    fold = startFold(history.records);
    await start();
    expect(types()).toEqual(['task', 'forget']);
  });

  it('says once more what a node no longer heard of, though the old word is gone from the store', async () => {
    const stray = 'x'.repeat(25);
    await start();
    report(history, 'n1', { id: stray, state: 'running' });
    await foldAll();
    await clock.advance(TOMBSTONE_TTL_MS + 1000);
    report(history, 'n1');
    await foldAll();
    expect(types()).toEqual(['forget']);
    await clock.advance(HOUR);
    report(history, 'n1');
    await foldAll();
    expect(types()).toEqual(['forget', 'forget']);
  });

  it('starts with nothing when a tombstone that it knew went before it thought', async () => {
    const stray = 'x'.repeat(25);
    await start();
    report(history, 'n1', { id: stray, state: 'running' });
    await foldAll();
    await clock.advance(TOMBSTONE_TTL_MS + 1);
    const { description } = history.state.nodes.get('n1')!;
    history.append({ type: 'node.joined', cause: 0, nodeId: 'n1', session: 'another', description });
    await foldAll();
    expect(types()).toEqual(['forget', 'forget']);
  });

  it('keeps to so many commands at a time', async () => {
    let open = 0;
    let most = 0;
    answer = async (_put, accept) => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return accept();
    };
    assign(history, 'n1', ...web.tasks);
    const writer = await start({ maxInFlight: 4 });
    while (!writer.isIdle()) await clock.settle();
    expect(most).toBe(4);
    expect(stored).toHaveLength(20);
  });

  it('says what is wanted last when it changes on the way', async () => {
    const [task] = web.tasks as [string];
    let release = () => {};
    answer = async (_put, accept) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return accept();
    };
    const writer = await start();
    assign(history, 'n1', task);
    await foldAll();
    const wanted = desire(history, web, 'shutdown', task);
    await foldAll();
    expect(stored).toEqual([]);
    while (!writer.isIdle()) {
      release();
      await clock.settle();
    }
    expect(stored.map(({ basis }) => basis)).toEqual([wanted - 1, wanted]);
  });

  it('tries again when the store is away, and not all the time', async () => {
    let tries = 0;
    answer = async (_put, accept) => {
      tries += 1;
      if (tries < 4) throw new LogUnavailableError('away');
      return accept();
    };
    assign(history, 'n1', web.tasks[0]!);
    const writer = await start();
    await clock.settle();
    expect(tries).toBe(1);
    await clock.advance(1000);
    expect(stored).toHaveLength(1);
    expect(writer.stats).toMatchObject({ written: 1, failures: 3 });
  });

  it('goes on when the store refuses one command', async () => {
    const bad = web.tasks[3];
    answer = async (put, accept) => {
      if (put.taskId === bad) throw new LogRefusedError('too large');
      return accept();
    };
    assign(history, 'n1', ...web.tasks);
    const writer = await start();
    expect(stored).toHaveLength(19);
    expect(writer.stats).toMatchObject({ failures: 1, refused: 1, waiting: 1 });
    expect(undelivered).toEqual([['n1', bad, 'the store refused its command: too large']]);
    expect(writer.isIdle()).toBe(false);
  });

  it('tries a refused command again, less and less often, and at once when it changes', async () => {
    const [task] = web.tasks as [string];
    let limit = 10;
    const tries: number[] = [];
    answer = async (put, accept) => {
      tries.push(clock.now() - START_TIME);
      if (put.data.length > limit) throw new RecordTooLargeError('s', put.data.length, limit);
      return accept();
    };
    const writer = await start();
    assign(history, 'n1', task);
    await foldAll();
    await clock.advance(10_000);
    expect(tries).toEqual([0, 250, 750, 1750, 3750, 7750]);
    expect(undelivered).toHaveLength(6);
    expect(new Set(undelivered.map(([, , reason]) => reason)).size).toBe(1);
    expect(undelivered[0]![2]).toMatch(/^its command has \d+ bytes, and the server takes at most 10: /);
    desire(history, web, 'shutdown', task);
    await foldAll();
    expect(tries).toHaveLength(7);
    limit = 10_000;
    await clock.advance(1_000);
    expect(tries).toHaveLength(8);
    expect(stored).toHaveLength(1);
    expect(undelivered.at(-1)).toEqual(['n1', task, undefined]);
    expect(writer.stats.waiting).toBe(0);
    expect(writer.isIdle()).toBe(true);
  });

  it('goes on when the command of one task can not be made', async () => {
    const broken = deploy(history, 'broken', 2, 30_002);
    assign(history, 'n1', ...broken.tasks, ...web.tasks);
    fold.foldTo(history.state.head);
    const { version } = fold.state.tasks.get(broken.tasks[0]!)!;
    Object.defineProperty(version, 'ports', {
      configurable: true,
      get() {
        throw new Error('a bug of ours');
      },
    });
    const writer = await start();
    expect(stored).toHaveLength(20);
    expect(writer.stats).toMatchObject({ refused: 2, waiting: 2 });
    expect(undelivered).toEqual(
      broken.tasks.map((id) => ['n1', id, 'its command could not be made: a bug of ours']),
    );
    Object.defineProperty(version, 'ports', { value: [] });
    await clock.advance(1_000);
    expect(stored).toHaveLength(22);
    expect(writer.isIdle()).toBe(true);
  });

  it('takes a command for written though the answer to it was lost', async () => {
    let lost = false;
    answer = async (_put, accept): Promise<AppendResult> => {
      const result = accept();
      if (lost) return result;
      lost = true;
      throw new LogUnavailableError('the answer was lost');
    };
    assign(history, 'n1', web.tasks[0]!);
    const writer = await start();
    await clock.advance(1000);
    expect(stored).toHaveLength(1);
    expect(writer.isIdle()).toBe(true);
  });

  it('writes nothing while another dispatcher knows more than it does', async () => {
    await start();
    const other = { v: 1, type: 'forget', basis: history.state.head + 2 };
    await store.client('theirs').put('n2', 'x'.repeat(25), encodeJson(other), { expectLastSeq: 0 });
    await clock.settle();
    stored = [];
    assign(history, 'n1', web.tasks[0]!);
    await foldAll();
    expect(stored).toEqual([]);
    assign(history, 'n1', web.tasks[1]!);
    await foldAll();
    expect(stored).toHaveLength(2);
  });

  it('writes everything anew, from beyond what was lost, once the loss is recorded', async () => {
    const [task] = web.tasks as [string];
    assign(history, 'n1', task);
    const lost = encodeJson({ v: 1, type: 'forget', basis: 500 });
    await store.client('theirs').put('n1', task, lost, { expectLastSeq: 0 });
    stored = [];
    expect((await start()).newestBasis).toBe(500);
    history.append({ type: 'cluster.commands_ahead', cause: 0, basis: 500 });
    await foldAll();
    expect(stored).toMatchObject([{ taskId: task, basis: 500 + history.state.tasks.get(task)!.commandSeq }]);
  });

  it('puts right what a late writer put in its place', async () => {
    const [task] = web.tasks as [string];
    const late = encodeJson({ v: 1, type: 'forget', basis: 1 });
    const writer = await start();
    assign(history, 'n1', task);
    answer = async (_put, accept) => {
      answer = undefined;
      await store.client('theirs').put('n1', task, late, { expectLastSeq: 0 });
      return accept();
    };
    await foldAll();
    expect(types()).toEqual(['forget', 'task']);
    expect(writer.stats).toMatchObject({ written: 1, conflicts: 1 });
  });

  it('takes back the command of a task that is long forgotten', async () => {
    await start();
    const late = { v: 1, type: 'task', basis: 1 };
    await store.client('theirs').put('n1', 'x'.repeat(25), encodeJson(late), { expectLastSeq: 0 });
    await clock.settle();
    expect(types()).toEqual(['task', 'forget']);
  });

  it('writes nothing once a newer program has been at work', async () => {
    await start();
    fold.state.halted = { reason: 'an event of version 9' };
    assign(history, 'n1', ...web.tasks);
    await foldAll();
    expect(stored).toEqual([]);
  });

  it('writes nothing after it was stopped', async () => {
    const writer = await start();
    await writer.stop();
    assign(history, 'n1', ...web.tasks);
    await foldAll();
    expect(stored).toEqual([]);
  });

  it('replaces a command that nobody can read', async () => {
    const [task] = web.tasks as [string];
    assign(history, 'n1', task);
    const raw = new MemoryCommandStore({ now: () => clock.now() });
    await raw.put('n1', task, new TextEncoder().encode('{"v":7'), { expectLastSeq: 0 });
    store = raw;
    await start();
    const seen: CommandRecord[] = [];
    await raw.follow({ onCommand: (record) => seen.push(record), onCaughtUp() {}, onError() {} });
    await clock.settle();
    expect(seen.map(({ data }) => decodeCommand(data).type)).toEqual(['task']);
  });

  it('says so when the commands can no longer be followed', async () => {
    const failures: Error[] = [];
    let breakIt = (_error: Error) => {};
    fold.foldTo(history.state.head);
    const writer = await startCommandWriter({
      follower: fold,
      store: {
        put: (...args) => store.put(...args),
        follow(options) {
          breakIt = options.onError;
          return store.follow(options);
        },
      },
      clock,
      logger: silentLogger,
      onFailure: (error) => failures.push(error),
    });
    breakIt(new Error('gone'));
    assign(history, 'n1', ...web.tasks);
    await foldAll();
    expect(failures).toMatchObject([{ message: 'gone' }]);
    expect(stored).toEqual([]);
    await writer.stop();
  });
});

describe('any number of command writers, in any order', () => {
  /** What happens to the cluster: assigned, ended, forgotten, reported where it does not belong, said to be gone. */
  const happening = fc.record({
    what: fc.constantFrom('assign', 'shutdown', 'remove', 'end', 'reap', 'stray', 'gone'),
    task: fc.nat(5),
    node: fc.constantFrom('n1', 'n2'),
  });
  const step = fc.oneof(
    { weight: 3, arbitrary: happening },
    { weight: 2, arbitrary: fc.record({ fold: fc.nat(1), by: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 4, arbitrary: fc.record({ deliver: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.record({ restart: fc.nat(1) }) },
  );

  it('end with the right commands, and never go back on one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.infiniteStream(fc.nat(3)),
        async (steps, fates) => {
          const run = createRun(() => fates.next().value as number);
          await run.start(0);
          await run.start(1);
          for (const action of steps) {
            if ('what' in action) run.happen(action);
            else if ('fold' in action) run.fold(action.fold, action.by);
            else if ('deliver' in action) run.deliver(action.deliver);
            else await run.restart(action.restart);
            await new Promise((resolve) => setImmediate(resolve));
          }
          await run.comeToRest();
          run.check();
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** Two writers whose folds, deliveries and puts are moved on by hand. */
function createRun(fate: () => number) {
  const history = startHistory();
  const clock = new VirtualClock({ startAt: START_TIME });
  joinReadyNode(history, 'n1');
  joinReadyNode(history, 'n2');
  const service = deploy(history, 'web', 6);
  const held: (() => void)[] = [];
  const everStored: { key: string; basis: number }[] = [];
  const latest = new Map<string, { type: string; basis: number; desired?: string | undefined }>();
  let calm = false;
  const store = new MemoryCommandStore({
    now: () => clock.now(),
    deliver: (_client, run) => void held.push(run),
    recordsPerStep: 1,
    intercept: async (put, accept) => {
      const way = () => new Promise<void>((resolve) => held.push(resolve));
      const put_ = () => {
        const result = accept();
        if (result.ok) {
          const key = `${put.nodeId} ${put.taskId}`;
          const command = decodeCommand(put.data);
          everStored.push({ key, basis: command.basis });
          latest.set(key, { ...command });
        }
        return result;
      };
      await way();
      if (!calm && fate() === 0) throw new LogUnavailableError('lost on the way');
      const result = put_();
      await way();
      if (!calm && fate() === 0) throw new LogUnavailableError('the answer was lost');
      return result;
    },
  });
  const copies: { fold: ReturnType<typeof startFold>; writer: Promise<CommandWriter> }[] = [];
  let incarnation = 0;

  function deliver(index: number): void {
    const [run] = held.splice(index % Math.max(1, held.length), 1);
    run?.();
  }

  async function start(index: number): Promise<void> {
    const fold = startFold(history.records);
    fold.foldTo(history.state.head);
    incarnation += 1;
    const writer = startCommandWriter({
      follower: fold,
      store: store.client(`copy-${incarnation}`),
      clock,
      logger: silentLogger,
    });
    copies[index] = { fold, writer };
  }

  const hasTask = (state: ClusterState, id: string) => state.tasks.get(id);

  return {
    start,
    deliver,
    async restart(index: number) {
      // As after kill -9: what it had on its way may still arrive.
      void copies[index]!.writer.then((writer) => writer.stop());
      await start(index);
    },
    fold(index: number, by: number) {
      const { fold } = copies[index]!;
      fold.foldTo(Math.min(history.state.head, fold.state.head + by));
    },
    happen({ what, task: slot, node }: { what: string; task: number; node: string }) {
      const id = service.tasks[slot]!;
      const task = hasTask(history.state, id);
      const { session } = history.state.nodes.get(node)!;
      if (what === 'assign') assign(history, node, id);
      if (what === 'shutdown' || what === 'remove') desire(history, service, what, id);
      if (what === 'end' && task?.node) report(history, task.node.id, { id, state: 'shutdown' });
      if (what === 'reap') reap(history, service, id);
      if (what === 'stray') report(history, node, { id, state: 'running' });
      if (what === 'gone')
        history.append({ type: 'tasks.reported', cause: 0, nodeId: node, session, gone: [id] });
    },
    async comeToRest() {
      calm = true;
      for (let round = 0; round < 2000; round += 1) {
        for (const { fold } of copies)
          if (fold.state.head < history.state.head) fold.foldTo(history.state.head);
        while (held.length > 0) held.shift()!();
        await clock.advance(500);
        const writers = await Promise.all(copies.map(({ writer }) => writer));
        if (held.length === 0 && writers.every((writer) => writer.isIdle())) return;
      }
      throw new Error('the writers never come to rest');
    },
    check() {
      const { state } = history;
      for (const task of state.tasks.values()) {
        if (!task.node) continue;
        expect(latest.get(`${task.node.id} ${task.id}`)).toMatchObject({
          type: 'task',
          basis: task.commandSeq,
        });
      }
      for (const [key, command] of latest) {
        const [nodeId, taskId] = key.split(' ') as [string, string];
        const isHere = state.tasks.get(taskId)?.node?.id === nodeId;
        expect(command.type).toBe(isHere ? 'task' : 'forget');
      }
      for (const node of state.nodes.values()) {
        for (const stray of node.strays) {
          if (state.tasks.get(stray)?.node === node) continue;
          expect(latest.get(`${node.id} ${stray}`)).toMatchObject({ type: 'forget' });
        }
      }
      const highest = new Map<string, number>();
      for (const { key, basis } of everStored) {
        expect(basis).toBeGreaterThan(highest.get(key) ?? 0);
        highest.set(key, basis);
      }
    },
  };
}
