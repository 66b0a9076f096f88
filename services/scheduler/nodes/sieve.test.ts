import { expect, it } from 'vitest';
import { addBit, createBits } from './bits.ts';
import { Sieve } from './sieve.ts';
import { createTrees } from './trees.ts';

const setOf = (...ranks: readonly number[]) => {
  const bits = createBits(70);
  for (const rank of ranks) addBit(bits, rank);
  return bits.words;
};

it('holds what is in all sets, and how much that is', () => {
  const [some, others] = [setOf(1, 33, 69), setOf(33, 34, 69)];
  const every = new Sieve([], 70);
  const both = every.narrow(some).narrow(others);
  expect([every.size, every.narrow(some).size, both.size]).toEqual([70, 3, 2]);
  expect(both.sets).toEqual([some, others]);
  expect(every.narrow(some).narrow(others)).toBe(both);
});

it('counts its nodes in a tree', () => {
  const nodes = Array.from({ length: 70 }, (_, rank) => ({
    id: `n${rank}`,
    labels: { zone: rank < 34 ? 'a' : 'b' },
    description: undefined,
  }));
  const preference = { spread: { spreadDescriptor: 'node.labels.zone' } };
  const tree = createTrees(nodes).find([preference], () => undefined)!;
  const counts = (sieve: Sieve) =>
    [...tree.root.children.values()].map((branch) => sieve.countIn(tree).get(branch) ?? 0);
  const every = new Sieve([], 70);
  expect([counts(every), counts(every.narrow(setOf(1, 33, 69)))]).toEqual([
    [34, 36],
    [2, 1],
  ]);
});
