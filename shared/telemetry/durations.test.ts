import { expect, it } from 'vitest';
import { BOUNDS_MS, createDurations, quantileOf } from './durations.ts';

it('counts each duration in the first bucket that holds it', () => {
  const durations = createDurations();
  for (const ms of [0, 0.1, 0.11, 10, 10_001]) durations.add(ms);
  expect(durations.totalMs).toBeCloseTo(10_011.21);
  const at = (ms: number) => durations.counts[BOUNDS_MS.indexOf(ms as 10)];
  expect([at(0.1), at(0.25), at(10), durations.counts.at(-1)]).toEqual([2, 1, 1, 1]);
  expect(durations.counts).toHaveLength(BOUNDS_MS.length + 1);
});

it('tells what most stayed below', () => {
  const durations = createDurations();
  expect(quantileOf(durations.counts, 0.99)).toBeUndefined();
  for (let n = 0; n < 99; n += 1) durations.add(3);
  durations.add(400);
  expect(quantileOf(durations.counts, 0.5)).toBeGreaterThan(2.5);
  expect(quantileOf(durations.counts, 0.5)).toBeLessThan(5);
  expect(quantileOf(durations.counts, 0.99)).toBe(5);
  expect(quantileOf(durations.counts, 1)).toBe(500);
});

it('does not go beyond what it can tell', () => {
  const durations = createDurations();
  durations.add(60_000);
  expect(quantileOf(durations.counts, 0.99)).toBe(10_000);
});
