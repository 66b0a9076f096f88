import { expect, it } from 'vitest';
import { createTurnTimes } from './turn-times.ts';

it('tells the time of the turn that folded a sequence', () => {
  const turns = createTurnTimes();
  expect(turns.timeOf(1)).toBeUndefined();
  turns.note(10, 1000);
  turns.note(12, 2000);
  turns.note(20, 3000);
  expect([11, 12, 13, 20].map(turns.timeOf)).toEqual([2000, 2000, 3000, 3000]);
});

it('does not guess about what it has not seen from its beginning, or not yet', () => {
  const turns = createTurnTimes();
  turns.note(10, 1000);
  turns.note(12, 2000);
  expect([9, 10, 13].map(turns.timeOf)).toEqual([undefined, undefined, undefined]);
});

it('forgets the oldest', () => {
  const turns = createTurnTimes(3);
  for (let seq = 1; seq <= 7; seq += 1) turns.note(seq, 100 * seq);
  expect([4, 5, 6, 7].map(turns.timeOf)).toEqual([undefined, undefined, 600, 700]);
});
