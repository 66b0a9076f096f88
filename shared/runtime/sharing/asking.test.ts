// What an ask is told, by the virtual clock.
import { VirtualClock } from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { MemoryBus } from '../bus/memory-bus.ts';
import type { Clock } from '../clock.ts';
import { ask, type Sign } from './asking.ts';
import { encodeStanding } from './words.ts';

const subject = 'muster.ask.r.two';
const standing = { seq: 7, queued: 2 };

let clock: VirtualClock;
let bus: MemoryBus;
let late: number;
beforeEach(() => {
  clock = new VirtualClock();
  bus = new MemoryBus({ clock });
  late = 0;
});

function start(options: { clock?: Clock; patienceMs?: number } = {}) {
  const asked = { sign: undefined as Sign | undefined, after: Number.NaN };
  const startedAt = clock.now();
  const onLate = () => {
    late += 1;
  };
  ask({
    bus: bus.client('one'),
    clock,
    subject,
    patienceMs: 50,
    onLate,
    underWay: new Set(),
    ...options,
  }).then((sign) => {
    Object.assign(asked, { sign, after: clock.now() - startedAt });
  }, expect.unreachable);
  return asked;
}

function answerAfter(ms: number): void {
  const two = bus.client('two');
  two.subscribe(subject, ({ reply }) =>
    clock.schedule(ms, () => two.publish(reply!, encodeStanding(standing))),
  );
}

it('nobody listens: known at once', async () => {
  const asked = start();
  await clock.advance(1);
  expect(asked).toEqual({ sign: 'nobody', after: 0 });
});

it('an answer is what the copy says of itself', async () => {
  answerAfter(49);
  const asked = start();
  await clock.advance(60);
  expect(asked).toEqual({ sign: standing, after: 49 });
});

it('nothing for as long as we had patience is silence, and an answer after that is told as well', async () => {
  answerAfter(900);
  const asked = start();
  await clock.advance(60);
  expect(asked).toEqual({ sign: 'silence', after: 50 });
  expect(late).toBe(0);
  await clock.advance(1_000);
  expect(late).toBe(1);
});

it('who sleeps himself hears no silence', async () => {
  answerAfter(10_000);
  /** Each timer comes this much too late. */
  let lateMs = 200;
  const slow: Clock = {
    now: () => clock.now(),
    schedule: (delayMs, action) => clock.schedule(delayMs + lateMs, action),
  };
  const asked = start({ clock: slow });
  await clock.advance(2_000);
  expect(asked.sign).toBeUndefined();
  lateMs = 0;
  await clock.advance(300);
  expect(asked.sign).toBe('silence');

  lateMs = 200;
  const never = start({ clock: slow });
  await clock.advance(3_500);
  expect(never.sign, 'nothing follows from it').toBe('unclear');
});

it('leaves no timer behind when it is abandoned', async () => {
  answerAfter(100);
  const underWay = new Set<() => void>();
  const timersBefore = clock.pending;
  ask({
    bus: { ...bus.client('one'), request: () => new Promise(() => undefined) },
    clock,
    subject,
    patienceMs: 50,
    onLate: () => undefined,
    underWay,
  }).catch(expect.unreachable);
  expect(clock.pending).toBe(timersBefore + 1);
  for (const abandon of underWay) abandon();
  expect(clock.pending).toBe(timersBefore);
});
