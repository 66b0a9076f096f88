import { describe, expect, it } from 'vitest';
import { createLane } from './lane.ts';

describe('createLane', () => {
  it('works on so many at once, in the order they came', async () => {
    const open: (() => void)[] = [];
    const begun: number[] = [];
    const lane = createLane<number>(2, async (item) => {
      begun.push(item);
      await new Promise<void>((resolve) => open.push(resolve));
    });
    for (const item of [1, 2, 3, 4, 3]) lane.add(item);
    expect(begun).toEqual([1, 2]);
    open[1]!();
    await Promise.resolve();
    await Promise.resolve();
    expect(begun).toEqual([1, 2, 3]);
    const idle = lane.idle();
    open[0]!();
    open[2]!();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    expect(begun).toEqual([1, 2, 3, 4]);
    open[3]!();
    await idle;
    await lane.idle();
  });
});
