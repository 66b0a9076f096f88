import { sleep } from '@muster/runtime';
import { VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { AbandonedError, BusyError, createHeavyReads, type HeavyReads } from './heavy-reads.ts';

const LIMITS = { atOnce: 2, waiting: 3, turnWithinMs: 5_000 };
const asker = { waitMs: 120_000 };

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
    asker,
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
  const read = reads.run('a', { waitMs: 1_000 }, async (pace) => {
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

describe('what is asked by somebody who is gone', () => {
  const gone = new Set<string>();
  const ask = (key: string, name: string) =>
    fate(
      reads.run(key, { ...asker, isThere: async () => !gone.has(name) }, async (pace) => {
        for (let count = 0; count < 50; count += 1) {
          await sleep(clock, 100);
          await pace.rest();
        }
        return `answer ${key}`;
      }),
    );

  beforeEach(() => gone.clear());

  it('is given up at once, while it is read and while it waits, and nothing else is', async () => {
    const fates = [ask('a', 'ana'), ask('b', 'ana'), ask('b', 'bob'), ask('c', 'ana'), ask('d', 'bob')];
    await clock.advance(1_000);
    gone.add('ana');
    await clock.advance(700);
    expect(await fates[0]).toBe(AbandonedError.name);
    expect(await fates[3]).toBe(AbandonedError.name);
    await clock.advance(10_000);
    expect(await Promise.all([fates[1], fates[2], fates[4]])).toEqual(['answer b', 'answer b', 'answer d']);
  });

  it('leaves its place in the line to others', async () => {
    const fates = ['a', 'b']
      .map((key) => ask(key, 'bob'))
      .concat(['c', 'd', 'e'].map((key) => ask(key, 'ana')));
    expect(await ask('f', 'bob')).toBe(BusyError.name);
    gone.add('ana');
    await clock.advance(700);
    fates.push(ask('f', 'bob'));
    await clock.advance(20_000);
    expect(await Promise.all(fates)).toEqual([
      'answer a',
      'answer b',
      ...Array.from({ length: 3 }, () => AbandonedError.name),
      'answer f',
    ]);
  });
});
