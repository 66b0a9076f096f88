import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Portions } from './portions.ts';

/** Takes a while of this thread. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it('hands over what arrives at once', () => {
  const seen: number[] = [];
  const portions = new Portions<number>((item) => seen.push(item));
  portions.add(1);
  portions.add(2);
  expect(seen).toEqual([1, 2]);
});

it('lets others have their turn when it takes long, and keeps the order', async () => {
  const seen: number[] = [];
  const portions = new Portions<number>((item) => {
    work(4);
    seen.push(item);
  });
  for (let item = 0; item < 20; item += 1) portions.add(item);
  const atOnce = seen.length;
  expect(atOnce).toBeLessThan(20);
  let turns = 0;
  while (seen.length < 20) {
    await nextTurn();
    turns += 1;
    if (turns === 1) portions.add(20);
  }
  expect(turns).toBeGreaterThan(1);
  while (seen.length < 21) await nextTurn();
  expect(seen).toEqual(Array.from({ length: 21 }, (_, item) => item));
});

it('drops what still waits, even while it hands over', async () => {
  const seen: number[] = [];
  const portions = new Portions<number>((item) => {
    work(6);
    seen.push(item);
    if (item === 3) portions.drop();
  });
  for (let item = 0; item < 10; item += 1) portions.add(item);
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  expect(seen.at(-1)).toBeLessThanOrEqual(3);
  portions.add(10);
  expect(seen.at(-1)).toBe(10);
});
