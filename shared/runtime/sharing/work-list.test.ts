// Two copies of a list, each with its own share, and a world that says what is to be decided.
import { VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryBus } from '../bus/memory-bus.ts';
import { BEAT_MS, startPresence } from './presence.ts';
import { createShare, PATIENCE_MS, type ShareOptions } from './share.ts';
import { askSubject, presenceSubject } from './words.ts';
import { createWorkList, type WorkList } from './work-list.ts';

let clock: VirtualClock;
let bus: MemoryBus;
let wanted: Set<string>;
/** Processes that are stopped, and what waits for them meanwhile. */
let stopped: Map<string, (() => void)[]>;
beforeEach(() => {
  clock = new VirtualClock();
  stopped = new Map();
  const deliver = (client: string, run: () => void) => {
    const waiting = stopped.get(client);
    if (waiting) waiting.push(run);
    else queueMicrotask(run);
  };
  bus = new MemoryBus({ clock, deliver });
  wanted = new Set();
});

/** kill -9: the server knows at once. */
const kill = (name: string) => bus.disconnect(name);
/** SIGSTOP, or a cable that is cut: the server knows nothing. */
const stop = (name: string) => void stopped.set(name, []);
function goOn(name: string): void {
  const waiting = stopped.get(name)!;
  stopped.delete(name);
  for (const run of waiting) run();
}

interface Copy {
  readonly name: string;
  readonly list: WorkList;
  /** The work of one decide. */
  work(): string[];
  noteDecision(id: string): void;
}

function start(name: string, options: Partial<ShareOptions> = {}): Copy {
  const presence = startPresence({ bus: bus.client(name), clock, role: 'r', copy: name });
  const share = createShare(presence, { clock, onChange: () => undefined, ...options });
  const list = createWorkList({ share });
  presence.answerWith(() => ({ seq: 0, queued: list.size }));
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

/** Until when it has taken all of these. Fails when it doesn't within the limit. */
async function timeUntilTaken(copy: Copy, ids: readonly string[], limitMs = 1_000): Promise<number> {
  const started = clock.now();
  const left = new Set(ids);
  while (left.size > 0 && clock.now() < started + limitMs) {
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

  it('take over at once from one that is killed', async () => {
    notice([one, two], ids);
    kill('two');
    expect(await timeUntilTaken(one, ids)).toBeLessThanOrEqual(PATIENCE_MS + 2);
    // And from then on without waiting, whatever is said of it, until it answers.
    bus.client('eve').publish(presenceSubject('r', 'two'), new TextEncoder().encode('here'));
    await clock.advance(10);
    notice([one, two], ['more', 'and more']);
    expect(one.work().sort()).toEqual(['and more', 'more']);
    bus.reconnect('two');
    await clock.advance(BEAT_MS);
    notice([one, two], ids);
    expect(one.work().length).toBeLessThan(80);
  });

  it('take over within a moment from one that is stopped, and let it in as soon as it answers', async () => {
    notice([one, two], ids.slice(0, 10));
    stop('two');
    expect(await timeUntilTaken(one, ids.slice(0, 10))).toBeLessThanOrEqual(2 * PATIENCE_MS + 12);
    notice([one, two], ['more', 'and more']);
    expect(one.work().sort()).toEqual(['and more', 'more']);
    await clock.advance(700);
    goOn('two');
    await clock.advance(1);
    notice([one, two], ids);
    expect(one.work().length).toBeLessThan(80);
  });

  it('leave one alone that answers, however slow it is', async () => {
    notice([one, two], ids);
    const own = new Set(one.work());
    for (const id of own) decide([one, two], id);
    for (let ms = 0; ms < 4_900; ms += 10) {
      await clock.advance(10);
      expect(one.work()).toEqual([]);
    }
  });

  it('ask one that is stopped with much to do for longer than one with little', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `many${index}`);
    notice([one, two], many);
    stop('two');
    const own = new Set(one.work());
    const ms = await timeUntilTaken(
      one,
      many.filter((id) => !own.has(id)),
    );
    expect(ms).toBeGreaterThan(300);
    expect(ms).toBeLessThan(700);
  });

  it('keep what was let lie in line though it is noticed again, until somebody decides about it', async () => {
    const presence = startPresence({ bus: bus.client('three'), clock, role: 'r', copy: 'three' });
    const share = createShare(presence, { clock, onChange: () => undefined });
    const list = createWorkList({ share, certain: false, lastResortMs: 2 * PATIENCE_MS });
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

  it('do what another one knows nothing of', async () => {
    notice([one], ids);
    two.noteDecision('something');
    expect(await timeUntilTaken(one, ids)).toBeLessThanOrEqual(4 * PATIENCE_MS);
  });

  it('wake at a time, its owner first', async () => {
    for (const { list } of [one, two]) list.addAt('then', clock.now() + 500);
    wanted.add('then');
    expect([...one.work(), ...two.work()]).toEqual([]);
    expect(one.list.nextWake()).toBe(clock.now() + 500);
    await clock.advance(500);
    const [later, ...others] = [one, two].filter((copy) => copy.work().length === 0);
    expect(others).toEqual([]);
    stop(later === one ? 'two' : 'one');
    expect(await timeUntilTaken(later!, ['then'])).toBeLessThanOrEqual(2 * PATIENCE_MS + 2);
  });

  it('hold nothing back when the clock is set back', async () => {
    const now = clock.now();
    let back = 0;
    const shifted = { now: () => clock.now() - back, schedule: clock.schedule.bind(clock) };
    const presence = startPresence({ bus: bus.client('three'), clock: shifted, role: 'r', copy: 'three' });
    const share = createShare(presence, { clock: shifted, onChange: () => undefined });
    const list = createWorkList({ share });
    await clock.advance(10);
    for (const id of ids) list.add(id);
    list.wake(now, () => true);
    for (const name of ['one', 'two']) stop(name);
    back = 3_600_000;
    for (let step = 0; step < 20; step += 1) {
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
    'some with long names': (step) => step % 100 === 0 && say(invent(50, 'x'.repeat(2_000)), 'here'),
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

  it('do not keep real copies from sharing the work', async () => {
    const copies = [start('one'), start('two')];
    await clock.advance(10);
    say(invent(1_000), 'here');
    await clock.advance(10);
    notice(copies, ids);
    const [first, second] = copies.map((copy) => copy.work());
    expect([...first!, ...second!].sort()).toEqual([...ids].sort());
  });

  it.each([
    ['have nothing to do cost a moment', 'at 9, 0 queued', 4 * PATIENCE_MS, 30 * (PATIENCE_MS + 2)],
    ['are busy cost five seconds, and then less and less often', 'at 9, 3 queued', 5_100, 2 * 5_100],
  ])('that answer and say that they %s', async (_what, words, first, more) => {
    const copy = start('one');
    const eve = bus.client('eve');
    for (let index = 0; index < 20; index += 1)
      eve.subscribe(askSubject('r', `ghost${index}`), ({ reply }) =>
        eve.publish(reply!, new TextEncoder().encode(words)),
      );
    const talk = () => {
      say(invent(20), 'here');
      clock.schedule(BEAT_MS, talk);
    };
    talk();
    await clock.advance(10);
    notice([copy], ids);
    expect(await timeUntilTaken(copy, ids, 6_000)).toBeLessThanOrEqual(first);
    for (const id of ids) decide([copy], id);
    let waited = 0;
    for (let turn = 0; turn < 30; turn += 1) {
      await clock.advance(BEAT_MS);
      notice([copy], ids);
      waited += await timeUntilTaken(copy, ids, 6_000);
      for (const id of ids) decide([copy], id);
    }
    expect(waited).toBeLessThanOrEqual(more);
  });
});

describe('a copy that is behind the log', () => {
  it('leaves one alone whose answer comes while it reads', async () => {
    let read: (() => void) | undefined;
    const one = start('one', { beLevel: () => new Promise<void>((resolve) => (read = resolve)) });
    const two = start('two');
    await clock.advance(10);
    notice([one, two], ids);
    for (const id of one.work()) decide([one], id);
    stop('two');
    for (let ms = 0; read === undefined && ms < 1_000; ms += 1) {
      await clock.advance(1);
      expect(one.work()).toEqual([]);
    }
    goOn('two');
    await clock.advance(1);
    read!();
    await clock.advance(1);
    expect(one.work()).toEqual([]);
  });

  it('judges nobody before it has read what the log had', async () => {
    let read: (() => void) | undefined;
    const beLevel = () => new Promise<void>((resolve) => (read = resolve));
    const one = start('one', { beLevel });
    const two = start('two');
    await clock.advance(10);
    notice([one, two], ids);
    const own = new Set(one.work());
    for (const id of own) decide([one], id);
    kill('two');
    for (let ms = 0; ms < 3_000; ms += 10) {
      await clock.advance(10);
      expect(one.work()).toEqual([]);
    }
    // What it reads is what the other had decided by then, and nothing but the last is left.
    const left = ids.filter((id) => !own.has(id));
    for (const id of left.slice(1)) decide([one], id);
    read!();
    await clock.advance(1);
    expect(one.work()).toEqual(left.slice(0, 1));
  });
});
