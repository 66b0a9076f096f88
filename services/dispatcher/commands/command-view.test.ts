import { describe, expect, it } from 'vitest';
import { createCommandView } from './command-view.ts';

const entry = (nodeId: string, seq: number, basis = seq) => ({ nodeId, seq, basis, forget: false });

describe('the view of the command store', () => {
  it('keeps the last command of a task on each node', () => {
    const view = createCommandView();
    view.note('t', entry('n1', 1));
    view.note('t', entry('n2', 2));
    view.note('t', entry('n1', 3));
    expect(view.entryOf('t', 'n1')?.seq).toBe(3);
    expect(view.entriesOf('t').map(({ seq }) => seq)).toEqual([2, 3]);
    expect(view.entriesOf('other')).toEqual([]);
  });

  it('is not set back by what is told late', () => {
    const view = createCommandView();
    view.note('t', entry('n1', 5, 50));
    view.note('t', entry('n1', 4, 40));
    expect(view.entryOf('t', 'n1')).toMatchObject({ seq: 5, basis: 50 });
  });

  it('drops an entry, unless it has been replaced', () => {
    const view = createCommandView();
    view.note('t', entry('n1', 5));
    view.drop('t', 'n1', 4);
    expect(view.entryOf('t', 'n1')).toBeDefined();
    view.drop('t', 'n1', 5);
    expect(view.entriesOf('t')).toEqual([]);
  });

  it('drops any one of several nodes’ entries, and uses its place again', () => {
    for (const dropped of [1, 2, 3]) {
      const view = createCommandView();
      for (const seq of [1, 2, 3]) view.note('t', entry(`n${seq}`, seq));
      view.drop('t', `n${dropped}`, dropped);
      view.note('u', entry('n9', 9));
      const left = [1, 2, 3].filter((seq) => seq !== dropped);
      expect(view.entriesOf('t').map(({ seq }) => seq)).toEqual(left.reverse());
      expect(view.entriesOf('u')).toEqual([entry('n9', 9)]);
      expect([...view.taskIds()].sort()).toEqual(['t', 'u']);
    }
  });

  it('keeps the entries of many tasks apart, whatever their sequences', () => {
    const view = createCommandView();
    const ids = Array.from({ length: 10_000 }, (_, index) => `task${index}`);
    const entryAt = (index: number) => ({
      nodeId: `n${index % 7}`,
      seq: 2 ** 40 + index,
      basis: 2 ** 41 + index,
      forget: index % 3 === 0,
    });
    for (const [index, id] of ids.entries()) view.note(id, entryAt(index));
    for (const [index, id] of ids.entries()) {
      expect(view.entryOf(id, `n${index % 7}`)).toEqual(entryAt(index));
      expect(view.seqOf(id, `n${(index + 1) % 7}`)).toBe(0);
    }
    expect(new Set(view.taskIds()).size).toBe(10_000);
  });

  it('remembers the newest basis, whatever becomes of its command', () => {
    const view = createCommandView();
    view.note('t', entry('n1', 5, 50));
    view.note('u', entry('n1', 6, 40));
    view.drop('t', 'n1', 5);
    expect(view.newestBasis).toBe(50);
  });
});
