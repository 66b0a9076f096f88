import { VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Aside, createLane, type Lane } from './lane.ts';

const LENT_MS = 1_000;

describe('createLane', () => {
  let clock: VirtualClock;
  let lane: Lane<number>;
  let begun: number[];
  let failures: unknown[];
  let ends: Map<number, () => void>;
  let work: (item: number, aside: Aside) => Promise<void>;
  beforeEach(() => {
    clock = new VirtualClock();
    begun = [];
    failures = [];
    ends = new Map();
    work = (item) => new Promise((resolve) => ends.set(item, resolve));
    lane = createLane({
      limit: 2,
      lentMs: LENT_MS,
      clock,
      work(item, aside) {
        begun.push(item);
        return work(item, aside);
      },
      onError: (error) => failures.push(error),
    });
  });

  const end = (item: number) => {
    ends.get(item)!();
    return clock.settle();
  };

  it('works on so many at once, in the order they came', async () => {
    for (const item of [1, 2, 3, 4, 3]) lane.add(item);
    expect(begun).toEqual([1, 2]);
    await end(2);
    expect(begun).toEqual([1, 2, 3]);
    const idle = lane.idle();
    await end(1);
    await end(3);
    expect(begun).toEqual([1, 2, 3, 4]);
    await end(4);
    await idle;
    await lane.idle();
    expect(clock.pending).toBe(0);
  });

  it('tells of what fails before it tells that nothing is being worked on', async () => {
    work = () => Promise.reject(new Error('broken'));
    lane.add(1);
    await lane.idle();
    expect(failures).toEqual([new Error('broken')]);
  });

  it('lends a place for a time: what takes longer goes on beside the others', async () => {
    for (const item of [1, 2, 3, 4, 5]) lane.add(item);
    await clock.advance(LENT_MS - 1);
    expect(begun).toEqual([1, 2]);
    await clock.advance(1);
    expect(begun).toEqual([1, 2, 3, 4]);
    await end(1);
    expect(begun).toEqual([1, 2, 3, 4]);
    await end(3);
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(clock.pending).toBe(0);
  });

  it('gives a place to somebody else while its holder only waits, and one back before those that came later', async () => {
    let isThere: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      isThere = resolve;
    });
    const back: number[] = [];
    work = async (item, aside) => {
      if (item <= 3) await aside(() => arrival);
      back.push(item);
      await new Promise<void>((resolve) => ends.set(item, resolve));
    };
    for (const item of [1, 2, 3, 4, 5, 6]) lane.add(item);
    await clock.settle();
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    isThere();
    await clock.settle();
    expect(back).toEqual([4, 5]);
    await end(4);
    expect(back).toEqual([4, 5, 1]);
    await end(5);
    await end(1);
    await end(2);
    expect(back).toEqual([4, 5, 1, 2, 3, 6]);
  });

  it('is done with what fails while it stands aside', async () => {
    work = (_item, aside) => aside(() => Promise.reject(new Error('no'))).catch(() => undefined);
    for (const item of [1, 2, 3]) lane.add(item);
    await clock.settle();
    await lane.idle();
    expect(begun).toEqual([1, 2, 3]);
  });
});
