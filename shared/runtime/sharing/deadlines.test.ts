import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDeadlines } from './deadlines.ts';

describe('deadlines', () => {
  it('takes out who is due, earliest first, and names the next', () => {
    const deadlines = createDeadlines();
    deadlines.set('late', 30);
    deadlines.set('early', 10);
    deadlines.set('middle', 20);
    expect(deadlines.next()).toBe(10);
    expect(deadlines.takeDue(20)).toEqual(['early', 'middle']);
    expect(deadlines.next()).toBe(30);
    expect(deadlines.takeDue(29)).toEqual([]);
  });

  it('brings a deadline forward, never back', () => {
    const deadlines = createDeadlines();
    deadlines.set('a', 20);
    deadlines.set('a', 30);
    expect(deadlines.next()).toBe(20);
    deadlines.set('a', 10);
    expect(deadlines.takeDue(100)).toEqual(['a']);
    expect(deadlines.next()).toBeUndefined();
  });

  it('agrees with a map of the earliest times', () => {
    const step = fc.oneof(
      fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), at: fc.nat(50) }),
      fc.record({ takeUntil: fc.nat(50) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const deadlines = createDeadlines();
        const model = new Map<string, number>();
        for (const action of steps) {
          if ('id' in action) {
            deadlines.set(action.id, action.at);
            model.set(action.id, Math.min(action.at, model.get(action.id) ?? Number.POSITIVE_INFINITY));
          } else {
            const due = [...model].filter(([, at]) => at <= action.takeUntil);
            const taken = deadlines.takeDue(action.takeUntil);
            expect(taken.map((id) => model.get(id))).toEqual(due.map(([, at]) => at).sort((a, b) => a - b));
            expect([...taken].sort()).toEqual(due.map(([id]) => id).sort());
            for (const id of taken) model.delete(id);
          }
          expect(deadlines.next()).toBe(model.size > 0 ? Math.min(...model.values()) : undefined);
        }
      }),
    );
  });
});
