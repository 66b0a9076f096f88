import { describe, expect, it } from 'vitest';
import { addBit, createBits } from './bits.ts';
import { createLadder } from './ladder.ts';
import { climbParts, divideNodes } from './parts.ts';

const nodes = Array.from({ length: 70 }, (_, rank) => ({ id: `n${rank}` }));
const isEven = (id: string) => Number(id.slice(1)) % 2 === 0;

function climbAll(totals: Int32Array, slack: number): number[] {
  const ladder = createLadder(nodes.length);
  const ready = createBits(nodes.length);
  for (const [rank, total] of totals.entries()) {
    ladder.put(rank, total);
    addBit(ready, rank);
  }
  const climb = climbParts({
    ladder,
    parts: divideNodes(nodes, isEven),
    totals,
    slack,
    masks: [ready.words],
  });
  const ranks: number[] = [];
  for (let rank = climb.next(); rank >= 0; rank = climb.next()) ranks.push(rank);
  return ranks;
}

describe('the nodes of one scheduler among several', () => {
  it('come first, each once, where all have as many tasks', () => {
    const ranks = climbAll(new Int32Array(nodes.length), 0);
    expect(ranks.slice(0, 35).every((rank) => rank % 2 === 0)).toBe(true);
    expect([...ranks].sort((a, b) => a - b)).toEqual(nodes.map((_, rank) => rank));
  });

  it('come after others that are emptier than all of them, but for the slack', () => {
    const totals = new Int32Array(nodes.length).map((_, rank) => (rank % 2 === 0 ? 2 : 0));
    expect(climbAll(totals, 2)[0]! % 2).toBe(0);
    expect(climbAll(totals, 1)[0]! % 2).toBe(1);
    expect(climbAll(totals, 1)).toHaveLength(nodes.length);
  });

  it('are no part where one has all of them, or none', () => {
    expect(divideNodes(nodes, () => true)).toBeUndefined();
    expect(divideNodes(nodes, () => false)).toBeUndefined();
  });
});
