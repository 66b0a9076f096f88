import type { Span } from '@muster/state';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSpan, powerUpTo } from './find-span.ts';

const END = 64;
const place = fc.nat(END);

/** Of places that are taken one by one. */
const lastOf = (taken: ReadonlySet<number>) => (span: Span) => {
  for (let at = span.start + span.size - 1; at >= span.start; at -= 1)
    if (taken.has(at)) return { start: at, size: 1 };
  return undefined;
};

describe('room for so many', () => {
  it('is the first from the place on, and round, that begins at a multiple of its size', () => {
    fc.assert(
      fc.property(fc.uniqueArray(place), fc.nat(4), place, place, place, (taken, bits, a, b, from) => {
        const [size, window] = [2 ** bits, { first: Math.min(a, b), end: Math.max(a, b) }];
        const starts = Array.from({ length: END / size }, (_, index) => index * size).filter(
          (start) => start >= window.first && start + size <= window.end,
        );
        const isFree = (start: number) => !taken.some((at) => at >= start && at < start + size);
        const inTurn = [
          ...starts.filter((start) => start >= from),
          ...starts.filter((start) => start < from),
        ];
        expect(findSpan(size, window, from, lastOf(new Set(taken)))?.start).toBe(inTurn.find(isFree));
      }),
      { numRuns: 500 },
    );
  });

  it('is counted in powers of two', () => {
    expect([0, 0.3, 1, 2, 3, 4, 255, 256].map(powerUpTo)).toEqual([1, 1, 1, 2, 2, 4, 128, 256]);
  });
});
