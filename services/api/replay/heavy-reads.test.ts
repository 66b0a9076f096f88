import { sleep } from '@muster/runtime';
import { VirtualClock } from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { AbandonedError, BusyError, createHeavyReads, type HeavyReads } from './heavy-reads.ts';

const LIMITS = { atOnce: 2, waiting: 3, turnWithinMs: 5_000 };
const WAIT_MS = 120_000;

let clock: VirtualClock;
let reads: HeavyReads;
/** Ends a read, by its key. */
let ends: Map<string, () => void>;
beforeEach(() => {
  clock = new VirtualClock({ startAt: 0 });
  reads = createHeavyReads(clock, LIMITS);
  ends = new Map();
});

const start = (key: string) =>
  reads.run(
    key,
    WAIT_MS,
    () => new Promise<string>((resolve) => ends.set(key, () => resolve(`answer ${key}`))),
  );
const letRun = () => clock.advance(0);
const fate = (read: Promise<unknown>) => read.then(String, (error: Error) => error.name);

it('runs few at once, the others in their order, and refuses those that would wait too long', async () => {
  const fates = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => fate(start(key)));
  await letRun();
  expect([...ends.keys()]).toEqual(['a', 'b']);
  expect(await fates[5]).toBe(BusyError.name);
  ends.get('b')!();
  await letRun();
  expect([...ends.keys()]).toEqual(['a', 'b', 'c']);
  await clock.advance(LIMITS.turnWithinMs);
  expect(await Promise.all(fates.slice(3))).toEqual([BusyError.name, BusyError.name, BusyError.name]);
  ends.get('a')!();
  ends.get('c')!();
  expect(await Promise.all(fates.slice(0, 3))).toEqual(['answer a', 'answer b', 'answer c']);
});

it('says when to try again', async () => {
  const first = start('slow');
  await letRun();
  await clock.advance(3_000);
  ends.get('slow')!();
  await first;
  for (const key of ['a', 'b', 'c', 'd', 'e']) start(key).catch(() => undefined);
  await expect(start('f')).rejects.toThrow('reads the log for 5 others already: try again in 8 s');
});

it('finds out once what several ask for', async () => {
  const same = Array.from({ length: 100 }, () => start('a'));
  await letRun();
  ends.get('a')!();
  expect(new Set(await Promise.all(same))).toEqual(new Set(['answer a']));
});

it('gives up what nobody waits for any more', async () => {
  const read = reads.run('a', 1_000, async (pace) => {
    for (;;) {
      await sleep(clock, 100);
      await pace.rest();
    }
  });
  const given = fate(read);
  await clock.advance(2_000);
  expect(await given).toBe(AbandonedError.name);
  // Its place is free.
  const fates = ['b', 'c'].map((key) => fate(start(key)));
  await letRun();
  for (const key of ['b', 'c']) ends.get(key)!();
  expect(await Promise.all(fates)).toEqual(['answer b', 'answer c']);
});
