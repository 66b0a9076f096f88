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

  it('remembers the newest basis, whatever becomes of its command', () => {
    const view = createCommandView();
    view.note('t', entry('n1', 5, 50));
    view.note('u', entry('n1', 6, 40));
    view.drop('t', 'n1', 5);
    expect(view.newestBasis).toBe(50);
  });
});
