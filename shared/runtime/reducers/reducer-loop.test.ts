import { composeEvent } from '@muster/events';
import { type AppendResult, MemoryLog } from '@muster/log';
import { lastSeqOf } from '@muster/state';
import { VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Follower, startFollower } from '../following/follower.ts';
import { silentLogger } from '../logging.ts';
import type { Decision, Reducer } from './reducer.ts';
import { type ReducerLoop, runReducer } from './reducer-loop.ts';

const clock = new VirtualClock();
let log: MemoryLog;
let follower: Follower;

beforeEach(async () => {
  log = new MemoryLog({ now: clock.now.bind(clock), maxRecordBytes: 1000 });
  follower = await startFollower({ log, clock, logger: silentLogger });
});

function quarantine(record: number, reason = ''): Decision {
  return { event: { type: 'event.quarantined', cause: record, record, subject: 's', reason }, expect: 0 };
}

function run(
  decide: Reducer['decide'],
  more: Partial<Parameters<typeof runReducer>[0]> = {},
): { readonly loop: ReducerLoop; readonly tries: () => number } {
  let tries = 0;
  const reducer: Reducer = {
    name: 'orchestrator',
    notice: () => undefined,
    decide(state, now) {
      tries += 1;
      return decide(state, now);
    },
    nextWake: () => undefined,
  };
  const loop = runReducer({ reducer, follower, log, clock, logger: silentLogger, ...more });
  return { loop, tries: () => tries };
}

describe('a reducer that throws', () => {
  it('is asked again, and what it then decides is appended', async () => {
    let failures = 3;
    const { loop } = run(({ head }) => {
      if (failures-- > 0) throw new Error('a bug');
      return head === 0 ? [quarantine(1)] : [];
    });
    await clock.advanceUntil(() => follower.state.head === 1);
    expect(loop.stats).toMatchObject({ failures: 3, decisions: 1 });
    await loop.stop();
  });

  it('is asked ever more rarely while it does', async () => {
    const { loop, tries } = run(() => {
      throw new Error('a bug');
    });
    await clock.advance(60_000);
    expect(tries()).toBeGreaterThan(5);
    expect(tries()).toBeLessThan(20);
    await loop.stop();
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });
});

describe('a decision that the log refuses', () => {
  it('is tried ever more rarely, and holds up no other', async () => {
    const { loop } = run(({ head }) => {
      const decisions = [quarantine(1000, 'x'.repeat(2000))];
      if (head < 20) decisions.push(quarantine(head + 1));
      return decisions;
    });
    await clock.advanceUntil(() => follower.state.head === 20, 1000);
    await clock.advance(60_000);
    expect(loop.stats.failures).toBeGreaterThan(5);
    expect(loop.stats.failures).toBeLessThan(20);
    await loop.stop();
  });
});

it('rests once a refused decision is no longer wanted', async () => {
  let wanted = true;
  const { loop, tries } = run(() => (wanted ? [quarantine(1, 'x'.repeat(2000))] : []));
  await clock.advance(1000);
  wanted = false;
  await clock.advance(60_000);
  const before = tries();
  await clock.advance(60_000);
  expect(tries()).toBe(before);
  await loop.stop();
});

it('decides on nothing that it was not told of, though it is woken in the middle of a turn', async () => {
  let told = 0;
  const decidedAt: number[] = [];
  const reducer: Reducer = {
    name: 'orchestrator',
    notice({ head }) {
      told = head;
    },
    decide({ head }) {
      decidedAt.push(head);
      expect(told).toBe(head);
      return [];
    },
    nextWake: () => undefined,
  };
  follower.onEvent(() => queueMicrotask(() => loop.wake()));
  const loop = runReducer({ reducer, follower, log, clock, logger: silentLogger });
  await clock.advance(10);
  for (const record of [1, 2]) {
    const { subject, data } = composeEvent(quarantine(record).event, clock.now());
    await log.append(subject, data);
    await clock.advance(10);
  }
  expect(decidedAt.at(-1)).toBe(2);
  expect(loop.stats.failures).toBe(0);
  await loop.stop();
});

it('stops though what it appended is never folded', async () => {
  const stuck: Follower = { ...follower, waitFor: () => new Promise(() => undefined) };
  const { loop } = run(() => [quarantine(1)], { follower: stuck });
  await clock.advance(1000);
  await loop.stop();
  expect(log.records).toHaveLength(1);
});

it('leaves the other copies when a newer version is at work, so that its share moves at once', async () => {
  const told: boolean[] = [];
  const { loop } = run(() => [], {
    presence: { takePart: (able) => told.push(able), answerWith: () => undefined },
  });
  await clock.advance(10);
  const body = { v: 99, type: 'tasks.assigned', writer: 'scheduler', cause: 0, at: '2026-01-01T00:00:00Z' };
  await log.append('muster.event.scheduler.node.n1', new TextEncoder().encode(JSON.stringify(body)));
  await clock.advance(10);
  expect(follower.state.halted).toBeDefined();
  expect([told[0], told.at(-1)]).toEqual([true, false]);
  await loop.stop();
});

it('does not store what nobody could read, tries it less and less often, and lets the others by', async () => {
  const broken: Decision = {
    event: { type: 'tasks.orphaned', cause: 0, nodeId: 'n1', tasks: [undefined as never] },
    expect: 0,
  };
  const { loop } = run((state) => (state.head > 0 ? [broken] : [broken, quarantine(1)]));
  await clock.advance(60_000);
  expect(log.records.map(({ subject }) => subject)).toEqual(['muster.event.orchestrator.quarantine.1']);
  const tries = loop.stats.unreadable['tasks.orphaned']!;
  expect(tries).toBeGreaterThan(5);
  expect(tries).toBeLessThan(20);
  await loop.stop();
});

describe('a subject whose last record has left no trace in the state', () => {
  /** A verdict on a record that comes before it, and was none: nobody is to decide about it again. */
  async function leaveOne(): Promise<void> {
    for (const record of [9, 1]) {
      const { subject, data } = composeEvent(quarantine(record).event, clock.now());
      await log.append(subject, data);
    }
    await follower.waitFor(2);
    expect(follower.state.lastSeqs.has('muster.event.orchestrator.quarantine.1')).toBe(false);
  }

  it.each([
    ['the log says what is there', (result: AppendResult) => result],
    ['it does not', (result: AppendResult) => (result.ok ? result : { ...result, actual: undefined })],
  ])('is decided on all the same: %s', async (_what, hide) => {
    await leaveOne();
    const forgetful = Object.create(log, {
      append: { value: async (...args: Parameters<typeof log.append>) => hide(await log.append(...args)) },
    });
    const { loop } = run(({ head }) => (head === 2 ? [quarantine(1)] : []), { log: forgetful });
    await clock.advance(1_000);
    expect(log.records).toHaveLength(3);
    expect(loop.stats).toMatchObject({ decisions: 1, conflicts: 1 });
    await loop.stop();
  });
});

it('does not fill the log with a decision that changes nothing', async () => {
  const { loop } = run(({ head }) => [
    {
      ...quarantine(head > 0 ? 50 : 1),
      expect: lastSeqOf(follower.state, 'muster.event.orchestrator.quarantine.50'),
    },
  ]);
  await clock.advance(60_000);
  expect(log.records.length).toBeGreaterThan(5);
  expect(log.records.length).toBeLessThan(20);
  expect(loop.stats.failures).toBeGreaterThan(5);
  await loop.stop();
});
