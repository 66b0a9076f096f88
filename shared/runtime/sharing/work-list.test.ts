// Two copies of a list, each with its own share, and a world that says what is to be decided.
import { VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryBus } from '../bus/memory-bus.ts';
import { BEAT_MS, startPresence } from './presence.ts';
import { createShare } from './share.ts';
import { presenceSubject } from './words.ts';
import { createWorkList, PATIENCE_MS, type WorkList } from './work-list.ts';

let clock: VirtualClock;
let bus: MemoryBus;
let wanted: Set<string>;
beforeEach(() => {
  clock = new VirtualClock();
  bus = new MemoryBus({ clock });
  wanted = new Set();
});

interface Copy {
  readonly name: string;
  readonly list: WorkList;
  /** The work of one decide. */
  work(): string[];
  noteDecision(id: string): void;
}

function start(name: string): Copy {
  const presence = startPresence({ bus: bus.client(name), clock, role: 'r', copy: name });
  const share = createShare(presence, clock, () => undefined);
  const list = createWorkList({ share });
  return {
    name,
    list,
    work() {
      list.wake(clock.now(), (id) => wanted.has(id));
      const taken: string[] = [];
      for (let id = list.take(); id !== undefined; id = list.take()) if (wanted.has(id)) taken.push(id);
      return taken;
    },
    noteDecision(id) {
      share.noteDecision(id);
      list.noteDecision(id);
    },
  };
}

/** Everybody notices, and nobody looks yet. */
function notice(copies: readonly Copy[], ids: readonly string[]): void {
  for (const id of ids) wanted.add(id);
  for (const { list } of copies) for (const id of ids) list.add(id);
}

/** Everybody folds that it was decided. */
function decide(copies: readonly Copy[], id: string): void {
  for (const copy of copies) copy.noteDecision(id);
  wanted.delete(id);
}

/** Until when it has taken all of these. Fails when it doesn't within a second. */
async function timeUntilTaken(copy: Copy, ids: readonly string[]): Promise<number> {
  const started = clock.now();
  const left = new Set(ids);
  while (left.size > 0 && clock.now() < started + 1000) {
    for (const id of copy.work()) left.delete(id);
    if (left.size > 0) await clock.advance(1);
  }
  expect([...left]).toEqual([]);
  return clock.now() - started;
}

const ids = Array.from({ length: 100 }, (_, index) => `id${index}`);

it('is all ours, and at once, when there is nobody else', () => {
  const copy = start('one');
  notice([copy], ids);
  expect(copy.work()).toEqual(ids);
  expect(copy.list.nextWake()).toBeUndefined();
});

describe('two copies', () => {
  let one: Copy;
  let two: Copy;
  beforeEach(async () => {
    [one, two] = [start('one'), start('two')];
    await clock.advance(10);
  });

  it('share the work, and neither touches what the other sees to', async () => {
    notice([one, two], ids);
    const first = one.work();
    expect(first.length).toBeGreaterThan(20);
    for (const id of first) decide([one, two], id);
    const second = two.work();
    expect([...first, ...second].sort()).toEqual([...ids].sort());
    for (const id of second) decide([one, two], id);
    await clock.advance(2 * PATIENCE_MS);
    expect([one.work(), two.work()]).toEqual([[], []]);
    await clock.advance(PATIENCE_MS);
    expect([one.work(), two.work()]).toEqual([[], []]);
    expect([one.list.held, two.list.held]).toEqual([0, 0]);
  });

  it('take over within a moment from one that is silent, though it is still said to be there', async () => {
    notice([one, two], ids);
    expect(await timeUntilTaken(one, ids)).toBeLessThanOrEqual(2 * PATIENCE_MS);
    // And from then on without waiting, until it is heard of again.
    notice([one, two], ['more', 'and more']);
    expect(one.work().sort()).toEqual(['and more', 'more']);
    await clock.advance(BEAT_MS);
    notice([one, two], ids);
    expect(one.work().length).toBeLessThan(80);
  });

  it('give back what they took over as soon as the other one decides something', async () => {
    notice([one, two], ids);
    const own = one.work();
    await timeUntilTaken(
      one,
      ids.filter((id) => !own.includes(id)),
    );
    // What it has taken itself says nothing about the other.
    one.noteDecision(ids.find((id) => !own.includes(id))!);
    notice([one, two], ['x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'x7', 'x8']);
    const others = two.work().filter((id) => id.startsWith('x'));
    expect(others).not.toEqual([]);
    one.noteDecision(others[0]!);
    expect(one.work().filter((id) => others.includes(id))).toEqual([]);
  });

  it('keep what was let lie in line though it is noticed again, until somebody decides about it', async () => {
    const presence = startPresence({ bus: bus.client('three'), clock, role: 'r', copy: 'three' });
    const share = createShare(presence, clock, () => undefined);
    const list = createWorkList({ share, certain: false });
    await clock.advance(10);
    for (const id of ids) list.add(id);
    for (let step = 0; step < 6; step += 1) {
      list.wake(clock.now(), () => true);
      await clock.advance(PATIENCE_MS / 2);
    }
    expect([list.size, list.held]).toEqual([ids.length, 0]);
    for (const id of ids) list.add(id);
    expect([list.size, list.held]).toEqual([ids.length, 0]);
    for (const id of ids) list.noteDecision(id);
    const own = ids.filter((id) => share.ahead(id) === '');
    expect(own.length).toBeLessThan(ids.length);
    expect([list.size, list.held]).toEqual([own.length, ids.length - own.length]);
    presence.stop();
  });

  it('leave one alone that is slow, and goes on deciding', async () => {
    notice([one, two], ids);
    const own = new Set(one.work());
    for (const id of own) decide([one, two], id);
    for (const id of ids.filter((other) => !own.has(other))) {
      await clock.advance(PATIENCE_MS - 10);
      expect(one.work()).toEqual([]);
      decide([one, two], id);
    }
  });

  it('do not wait for ever for one that is busy with something else', async () => {
    notice([one, two], ids);
    const own = new Set(one.work());
    const [left, busyWith] = ids.filter((id) => !own.has(id));
    for (const id of ids) if (id !== left) decide([one, two], id);
    const taken: string[] = [];
    for (let ms = 0; ms < 5_200; ms += PATIENCE_MS / 2) {
      two.noteDecision(busyWith!);
      one.noteDecision(busyWith!);
      taken.push(...one.work());
      await clock.advance(PATIENCE_MS / 2);
    }
    expect(taken).toEqual([left]);
  });

  it('wake at a time, its owner first', async () => {
    for (const { list } of [one, two]) list.addAt('then', clock.now() + 500);
    wanted.add('then');
    expect([...one.work(), ...two.work()]).toEqual([]);
    expect(one.list.nextWake()).toBe(clock.now() + 500);
    await clock.advance(500);
    const [later, ...others] = [one, two].filter((copy) => copy.work().length === 0);
    expect(others).toEqual([]);
    expect(await timeUntilTaken(later!, ['then'])).toBeLessThanOrEqual(2 * PATIENCE_MS);
  });

  it('hold nothing back when the clock is set back', async () => {
    const now = clock.now();
    let back = 0;
    const shifted = { now: () => clock.now() - back, schedule: clock.schedule.bind(clock) };
    const presence = startPresence({ bus: bus.client('three'), clock: shifted, role: 'r', copy: 'three' });
    const share = createShare(presence, shifted, () => undefined);
    const list = createWorkList({ share });
    await clock.advance(10);
    for (const id of ids) list.add(id);
    list.wake(now, () => true);
    back = 3_600_000;
    for (let step = 0; step < 12; step += 1) {
      list.wake(shifted.now(), () => true);
      await clock.advance(PATIENCE_MS / 2);
    }
    expect(list.size).toBe(ids.length);
    presence.stop();
  });
});

describe('invented copies', () => {
  const invent = (count: number, wave = '') =>
    Array.from({ length: count }, (_, index) => presenceSubject('r', `ghost${wave}${index}`));
  const say = (subjects: readonly string[], word: string) => {
    for (const subject of subjects) bus.client('eve').publish(subject, new TextEncoder().encode(word));
  };
  /** How it talks, every ten milliseconds. */
  const talks: Record<string, (step: number) => void> = {
    'twenty of them': (step) => step % 100 === 0 && say(invent(20), 'here'),
    'a thousand of them': (step) => step % 100 === 0 && say(invent(1_000), 'here'),
    'others all the time': (step) => say(invent(5, `-${step}-`), 'hello'),
    'some that come and go': (step) => say(invent(20), step % 4 === 0 ? 'here' : 'bye'),
    'some with long names': (step) => step % 100 === 0 && say(invent(50, 'x'.repeat(10_000)), 'here'),
  };

  it.each(Object.keys(talks))('cost a moment, and not again: %s', async (how) => {
    const copy = start('one');
    let step = 0;
    const talk = () => {
      talks[how]!(step);
      step += 1;
      clock.schedule(10, talk);
    };
    talk();
    await clock.advance(BEAT_MS + 500);
    notice([copy], ids);
    expect(await timeUntilTaken(copy, ids)).toBeLessThanOrEqual(4 * PATIENCE_MS + 10);
    for (const id of ids) decide([copy], id);
    let waited = 0;
    for (let turn = 0; turn < 30; turn += 1) {
      await clock.advance(BEAT_MS);
      notice([copy], ids);
      waited += await timeUntilTaken(copy, ids);
      for (const id of ids) decide([copy], id);
    }
    expect(waited).toBeLessThanOrEqual(6 * (4 * PATIENCE_MS + 10));
  });

  it('do not keep real copies from sharing the work once they are silent', async () => {
    const copies = [start('one'), start('two')];
    say(invent(20), 'here');
    await clock.advance(10);
    notice(copies, ids);
    for (const copy of copies) await timeUntilTaken(copy, ids);
    for (const id of ids) decide(copies, id);
    await clock.advance(5 * BEAT_MS);
    notice(copies, ids);
    const [first, second] = copies.map((copy) => copy.work());
    expect([...first!, ...second!].sort()).toEqual([...ids].sort());
  });
});
