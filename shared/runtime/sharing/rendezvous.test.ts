import { describe, expect, it } from 'vitest';
import { cutEvenly, findFirst, listBefore, rankedCopy } from './rendezvous.ts';

const keys = Array.from({ length: 10_000 }, (_, index) => `service-${index}`);
const copies = ['orchestrator-1', 'orchestrator-2', 'orchestrator-3', 'orchestrator-4'].map(rankedCopy);

const othersOf = <Copy>(self: Copy, among: readonly Copy[]) => among.filter((copy) => copy !== self);

const ownerAmong = (key: string, among: typeof copies) =>
  among.find((self) => findFirst(key, self, othersOf(self, among)) === undefined)!.id;

describe('rendezvous hashing', () => {
  it('ranks the same way for every copy', () => {
    for (const key of keys.slice(0, 500)) {
      const places = copies.map((self) => listBefore(key, self, othersOf(self, copies)));
      const ordered = [...places].sort((a, b) => a.length - b.length);
      expect(ordered.map((before) => before.length)).toEqual([0, 1, 2, 3]);
      expect(ordered[3]).toEqual(expect.arrayContaining(ordered[2]!));
      const firsts = copies.map((self) => findFirst(key, self, othersOf(self, copies)) ?? self);
      expect(new Set(firsts).size).toBe(1);
    }
  });

  it('gives everybody about the same', () => {
    const counts = new Map<string, number>();
    for (const key of keys)
      counts.set(ownerAmong(key, copies), (counts.get(ownerAmong(key, copies)) ?? 0) + 1);
    for (const { id } of copies) expect(counts.get(id)).toSatisfy((n: number) => n > 2250 && n < 2750);
  });

  it('moves only the share of the copy that goes', () => {
    const left = copies.slice(1);
    for (const key of keys) {
      const before = ownerAmong(key, copies);
      if (before !== copies[0]!.id) expect(ownerAmong(key, left)).toBe(before);
    }
  });
});

describe('keys that are cut evenly', () => {
  it.each([1, 2, 3, 4])('are each in one part, and the parts of %i copies equal', (count) => {
    const among = copies.slice(0, count);
    const few = keys.slice(0, 100);
    const parts = among.map((self) => few.filter(cutEvenly(few, self, othersOf(self, among))));
    expect(parts.flat().sort()).toEqual([...few].sort());
    for (const { length } of parts) expect(Math.abs(length - 100 / count)).toBeLessThan(1);
  });

  it("are nobody's where there are fewer than copies, but for as many", () => {
    const parts = copies.map((self) =>
      ['a', 'b'].filter(cutEvenly(['a', 'b'], self, othersOf(self, copies))),
    );
    expect(parts.flat().sort()).toEqual(['a', 'b']);
  });
});
