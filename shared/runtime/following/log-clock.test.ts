import { beforeEach, describe, expect, it } from 'vitest';
import { BELIEVED_AFTER_MS, createLogClock, type LogClock } from './log-clock.ts';

const TEN_MINUTES = 600_000;
/** The server's time when the test begins. */
const START = Date.UTC(2026, 0, 1);
/** This machine's clock, and what has really passed. */
let machine: number;
let passed: number;
let leaps: number[];
let clock: LogClock;

beforeEach(() => {
  machine = START + TEN_MINUTES;
  passed = 5_000;
  leaps = [];
  clock = createLogClock({
    clock: { now: () => machine, schedule: () => ({ cancel: () => undefined }) },
    elapsed: () => passed,
    onLeap: (ms) => leaps.push(ms),
  });
});

function pass(ms: number): void {
  machine += ms;
  passed += ms;
}

/** Heard every second, for so long, from a server whose clock is so far ahead of what it was. */
function hear(forMs: number, aheadMs: number): void {
  for (const end = passed + forMs; passed < end; pass(1_000)) clock.observe(START + passed - 5_000 + aheadMs);
}

describe('the log’s time', () => {
  it('is this machine’s until a server was heard, and that server’s from then on', () => {
    expect(clock.now()).toBe(START + TEN_MINUTES);
    clock.observe(START);
    expect(clock.now()).toBe(START);
    expect(clock.aheadMs).toBe(TEN_MINUTES);
    pass(90_000);
    expect(clock.now()).toBe(START + 90_000);
  });

  it('does not follow this machine’s clock when that is set', () => {
    clock.observe(START);
    machine -= 3 * TEN_MINUTES;
    expect(clock.now()).toBe(START);
    expect(clock.aheadMs).toBe(-2 * TEN_MINUTES);
  });

  it('goes by the answer that took least', () => {
    clock.observe(START);
    pass(1_000);
    clock.observe(START + 700);
    expect(clock.now()).toBe(START + 1_000);
    clock.observe(START + 1_040);
    expect(clock.now()).toBe(START + 1_040);
  });

  it('follows a server’s clock that is slow, a little at a time', () => {
    clock.observe(START);
    hear(60_000, -500);
    expect(clock.now()).toBe(START + 60_000 - 500);
    expect(leaps).toEqual([]);
  });

  it.each([TEN_MINUTES, -TEN_MINUTES])('does not believe a leap of %i ms at once', (leap) => {
    clock.observe(START);
    hear(BELIEVED_AFTER_MS - 1_000, leap);
    expect(clock.now()).toBe(START + BELIEVED_AFTER_MS - 1_000);
    expect(clock.leapMs).toBe(leap);
    hear(5_000, leap);
    expect(clock.now()).toBe(START + BELIEVED_AFTER_MS + 4_000 + leap);
    expect(leaps).toEqual([leap]);
    expect(clock.leapMs).toBe(0);
  });

  it('stays as it is while two servers take turns', () => {
    clock.observe(START);
    for (let turn = 0; turn < 20; turn += 1) {
      hear(4_000, TEN_MINUTES);
      hear(4_000, 0);
    }
    expect(clock.now()).toBe(START + 160_000);
    expect(leaps).toEqual([]);
  });
});
