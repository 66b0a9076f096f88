import { sleep } from '@muster/runtime';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  it('runs timers in the order of their time, then of their making', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    const seen: string[] = [];
    const delays = [30, 10, 20, 10, 0, 30, 5];
    for (const [index, delayMs] of delays.entries()) {
      clock.schedule(delayMs, () => seen.push(`${clock.now()}:${index}`));
    }
    await clock.advance(100);
    expect(seen).toEqual(['0:4', '5:6', '10:1', '10:3', '20:2', '30:0', '30:5']);
    expect(clock.now()).toBe(100);
    expect(clock.pending).toBe(0);
  });

  it('lets what follows from a timer happen before the next one', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    const seen: string[] = [];
    clock.schedule(20, () => seen.push('second timer'));
    const chain = (async () => {
      await sleep(clock, 10);
      for (let step = 0; step < 50; step += 1) await Promise.resolve();
      seen.push('fifty microtasks later');
    })();
    await clock.advance(20);
    await chain;
    expect(seen).toEqual(['fifty microtasks later', 'second timer']);
  });

  it('runs a timer that a timer sets, when it is due within the advance', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    const seen: number[] = [];
    const tick = () => {
      seen.push(clock.now());
      clock.schedule(7, tick);
    };
    clock.schedule(7, tick);
    await clock.advance(28);
    expect(seen).toEqual([7, 14, 21, 28]);
    expect(clock.nextAt).toBe(35);
  });

  it('forgets a cancelled timer', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    const seen: string[] = [];
    const timer = clock.schedule(10, () => seen.push('cancelled'));
    clock.schedule(20, () => seen.push('kept'));
    timer.cancel();
    timer.cancel();
    expect(clock.pending).toBe(1);
    expect(clock.nextAt).toBe(20);
    const early = clock.schedule(5, () => {});
    await clock.advance(30);
    timer.cancel();
    early.cancel();
    expect(seen).toEqual(['kept']);
    expect(clock.pending).toBe(0);
  });

  it('stands still at the timer that made the condition true', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    let done = false;
    clock.schedule(1000, () => {
      done = true;
    });
    clock.schedule(2000, () => {});
    await clock.advanceUntil(() => done);
    expect(clock.now()).toBe(1000);
    await expect(clock.advanceUntil(() => false, 500)).rejects.toThrow('within 500 ms');
  });

  it('keeps the order of thousands of timers', async () => {
    const clock = new VirtualClock({ startAt: 0, settle: () => Promise.resolve() });
    const seen: number[] = [];
    for (let index = 0; index < 5000; index += 1) {
      clock.schedule((index * 7919) % 1009, () => seen.push(clock.now()));
    }
    await clock.advance(2000);
    expect(seen).toHaveLength(5000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});
