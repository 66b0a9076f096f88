import { describe, expect, it } from 'vitest';
import { Lateness } from './lateness.ts';

describe('lateness', () => {
  it('counts from when the first thing was seen that has not come', () => {
    const lateness = new Lateness();
    expect(lateness.measure(0, 1_000)).toBe(0);
    lateness.noteEnd(10, 1_000);
    lateness.noteEnd(20, 2_000);
    lateness.noteEnd(20, 3_000);
    expect(lateness.measure(9, 4_000)).toBe(3_000);
    expect(lateness.measure(10, 4_000)).toBe(2_000);
    expect(lateness.measure(20, 4_000)).toBe(0);
  });

  it('of one that comes along, always a little behind, is little', () => {
    const lateness = new Lateness();
    for (let second = 1; second <= 1_000; second += 1) {
      lateness.noteEnd(second * 100, second * 1_000);
      expect(lateness.measure(second * 100 - 50, second * 1_000 + 500)).toBe(500);
    }
  });

  it('of one that stands still is the whole time', () => {
    const lateness = new Lateness();
    for (let second = 1; second <= 1_000; second += 1) lateness.noteEnd(second, second * 1_000);
    expect(lateness.measure(0, 1_000_000)).toBe(999_000);
    expect(lateness.measure(1_000, 1_000_000)).toBe(0);
  });
});
