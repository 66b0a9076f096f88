import { silentLogger } from '@muster/runtime';
import { VirtualClock } from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { keepRunning, LONGEST_PAUSE_MS } from './keep-running.ts';

let clock: VirtualClock;
let startedAt: number[];
let stopped: number;
let fails: boolean;
let end: ((error: Error) => void) | undefined;

beforeEach(() => {
  clock = new VirtualClock({ startAt: 0 });
  startedAt = [];
  stopped = 0;
  fails = false;
  end = undefined;
});

const keep = (more: { whenFree?: () => Promise<void> } = {}) =>
  keepRunning({
    what: 'a role',
    clock,
    logger: silentLogger,
    async start(onEnd) {
      startedAt.push(clock.now());
      if (fails) throw new Error('no');
      end = onEnd;
      return {
        async stop() {
          stopped += 1;
        },
      };
    },
    ...more,
  });

it('starts again what has ended by itself, ever more rarely while it does not last', async () => {
  const kept = await keep();
  for (let count = 0; count < 12; count += 1) {
    end!(new Error('it broke'));
    end!(new Error('it says so twice'));
    await clock.advance(LONGEST_PAUSE_MS);
  }
  const pauses = startedAt.slice(1).map((at, index) => at - index * LONGEST_PAUSE_MS);
  expect(pauses[0]).toBe(500);
  expect(pauses.at(-1)).toBe(LONGEST_PAUSE_MS);
  expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  expect(stopped).toBe(12);
  await clock.advance(10 * LONGEST_PAUSE_MS);
  end!(new Error('after a while'));
  await clock.advance(500);
  expect(startedAt).toHaveLength(14);
  await kept.stop();
});

it('goes on trying when it can not be started again', async () => {
  await keep();
  fails = true;
  end!(new Error('it broke'));
  await clock.advance(5_000);
  const tries = startedAt.length;
  expect(tries).toBeGreaterThan(2);
  fails = false;
  await clock.advance(LONGEST_PAUSE_MS);
  expect(startedAt).toHaveLength(tries + 1);
});

it('waits for what it is told to wait for, and ends all the same', async () => {
  const kept = await keep({ whenFree: () => new Promise(() => undefined) });
  end!(new Error('it broke'));
  await clock.advance(LONGEST_PAUSE_MS);
  expect(startedAt).toHaveLength(1);
  await kept.stop();
});

it('throws what the first start does', async () => {
  fails = true;
  await expect(keep()).rejects.toThrow('no');
});
