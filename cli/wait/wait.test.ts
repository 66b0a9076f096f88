import type { Progress } from '@muster/api';
import { describe, expect, it } from 'vitest';
import type { Terminal } from '../output/terminal.ts';
import { judgeProgress } from './judge.ts';
import { overallLine, rollbackLine, taskLines, troubleLines } from './progress-text.ts';
import { openProgressView } from './progress-view.ts';

function progress(fields: Partial<Progress> = {}): Progress {
  const slots = [1, 2, 3].map((slot) => ({ slot, state: 'pending' as const, err: '' }));
  return {
    id: 's',
    name: 'web',
    removed: false,
    replicas: 3,
    running: 0,
    completed: 0,
    failed: 0,
    stopping: 0,
    slots,
    ...fields,
  };
}

describe('judging', () => {
  it.each([
    ['nothing runs', {}, 'waiting'],
    ['some run', { running: 2 }, 'waiting'],
    ['all run', { running: 3 }, 'converged'],
    ['more run than wanted', { replicas: 2, running: 3 }, 'waiting'],
    ['none are wanted and some are there', { replicas: 0 }, 'waiting'],
    ['none are wanted', { replicas: 0, slots: [] }, 'converged'],
    ['some ended well for good', { running: 1, completed: 2 }, 'converged'],
    ['one failed for good, others are on their way', { running: 1, failed: 1 }, 'waiting'],
    ['one failed for good', { running: 2, failed: 1 }, 'hopeless'],
    ['it is removed meanwhile', { removed: true, running: 3 }, 'hopeless'],
  ] as const)('%s', (_, fields, kind) => {
    expect(judgeProgress(progress(fields as Partial<Progress>)).kind).toBe(kind);
  });

  it('says why there is no hope', () => {
    expect(judgeProgress(progress({ failed: 3, err: 'No such image: x' }))).toEqual({
      kind: 'hopeless',
      message:
        'service web will not converge: its tasks failed, and the restart policy asks for no others: No such image: x',
    });
  });

  it('takes an update for failed with the first task of it that has, and nothing else', () => {
    const updateFailure = { version: 8, slot: 2, err: 'No such image: x' };
    const failing = progress({ running: 2, updateFailure });
    expect(judgeProgress(failing, { updating: 8 })).toEqual({
      kind: 'hopeless',
      message:
        'update of service web failed: web.2: No such image: x; it is tried again until the service is updated once more: see `muster service ps web`',
    });
    expect(judgeProgress(failing, { updating: 'any' }).kind).toBe('hopeless');
    expect(judgeProgress(failing, { updating: 7 }).kind).toBe('waiting');
    expect(judgeProgress(failing).kind).toBe('waiting');
    expect(judgeProgress(progress({ running: 3, updateFailure }), { updating: 8 }).kind).toBe('converged');
  });

  const status = (state: string, message = 'why') => ({ state, message, startedAt: 0 });

  it.each([
    ['paused', 'service update paused: why'],
    ['rollback_paused', 'service rollback paused: why'],
    ['rollback_completed', 'service rolled back: why'],
  ])('says in the words of Docker that an update has not come to its end: %s', (state, message) => {
    const ended = progress({ running: 3, updateStatus: status(state) });
    expect(judgeProgress(ended, { updating: 8 })).toEqual({ kind: 'hopeless', message });
  });

  it('says why it was rolled back, where it has seen that begin', () => {
    const ended = progress({ running: 3, updateStatus: status('rollback_completed', 'rollback completed') });
    expect(judgeProgress(ended, { updating: 8, wentBack: 'task x failed' })).toEqual({
      kind: 'hopeless',
      message: 'service rolled back: task x failed',
    });
    expect(judgeProgress(ended, { goingBack: true }).kind).toBe('converged');
  });

  it('waits while an update, or a rollback, is under way, whatever fails, and no longer', () => {
    const updateFailure = { version: 8, slot: 2, err: 'No such image: x' };
    for (const state of ['updating', 'rollback_started']) {
      const failing = progress({ running: 1, failed: 2, updateFailure, updateStatus: status(state) });
      expect(judgeProgress(failing, { updating: 8 }).kind).toBe('waiting');
    }
    expect(judgeProgress(progress({ updateStatus: status('completed') }), { updating: 8 }).kind).toBe('over');
    // What went on whatever failed, and does not run.
    const failing = progress({ updateFailure, updateStatus: status('completed') });
    expect(judgeProgress(failing, { updating: 8 }).kind).toBe('hopeless');
    const unknown = progress({ running: 3, updateStatus: status('of a later build') });
    expect(judgeProgress(unknown, { updating: 8 }).kind).toBe('converged');
  });

  it('never takes a removal for done while the service is there', () => {
    expect(judgeProgress(progress({ removed: true, replicas: 0, slots: [] }), { removing: true }).kind).toBe(
      'waiting',
    );
  });
});

describe('progress in words', () => {
  it('says that it goes back, and why', () => {
    const updateStatus = { state: 'rollback_started', message: 'update rolled back due to x', startedAt: 0 };
    const back = progress({ running: 1, updateStatus });
    expect(overallLine(back, false)).toBe('overall progress: rolling back update: 1 out of 3 tasks');
    expect(rollbackLine(back)).toBe('rollback: update rolled back due to x');
    expect(rollbackLine(progress())).toBeUndefined();
  });

  it('has bars that fill up', () => {
    const slots = [
      { slot: 1, state: 'new', err: '' },
      { slot: 2, state: 'preparing', err: '' },
      { slot: 4, state: 'running', err: '' },
    ] as const;
    expect(taskLines(progress({ slots: [...slots] }))).toEqual([
      `1/3: new       [=====>${' '.repeat(44)}]`,
      `2/3: preparing [==============================>${' '.repeat(19)}]`,
      `3/3: running   [${'='.repeat(49)}>]`,
    ]);
  });

  it('shows what is wrong in place of the bar', () => {
    expect(taskLines(progress({ slots: [{ slot: 1, state: 'rejected', err: 'No such\n image' }] }))).toEqual([
      '1/3: No such image',
    ]);
  });

  it('shows only the sum of many tasks, and the commonest trouble', () => {
    const many = progress({ replicas: 21, running: 7, err: 'out of memory', slots: [] });
    expect(taskLines(many)).toEqual([]);
    expect(overallLine(many, false)).toBe('overall progress: 7 out of 21 tasks');
    expect(troubleLines(many)).toEqual(['web: out of memory']);
    expect(troubleLines(progress({ unschedulable: 'no suitable node' }))).toEqual(['web: no suitable node']);
  });

  it('shows the tasks of a global service by their nodes', () => {
    const place = 'abcdefghijklmnopqrstuvwxy';
    const slots = [{ slot: 0, place, state: 'rejected' as const, err: 'No such image' }];
    expect(taskLines(progress({ slots }))).toEqual(['abcdefghijkl: No such image']);
    expect(troubleLines(progress({ slots }))).toEqual([`web.${place}: No such image`]);
  });

  it('counts what is left of a removed service', () => {
    expect(overallLine(progress({ stopping: 1 }), true)).toBe('overall progress: 1 task still running');
  });
});

function fakeTerminal(redraws: boolean): Terminal & { notes: string } {
  return {
    notes: '',
    note(text) {
      this.notes += text;
    },
    write: () => undefined,
    width: undefined,
    redraws,
    style: (_, text) => text,
  };
}

describe('progress on a pipe', () => {
  it('says each thing once', () => {
    const terminal = fakeTerminal(false);
    const view = openProgressView(terminal, false);
    const trouble = (id: string) => [{ slot: 1, state: 'failed' as const, err: `endpoint ${id} failed` }];
    view.show(progress(), false);
    view.show(progress(), false);
    view.show(progress({ slots: trouble('t1x2y3z4a5b6c7') }), false);
    view.show(progress({ slots: trouble('u9x8y7z6a5b4c3') }), false);
    view.show(progress({ running: 3 }), false, 'verify: Waiting');
    view.show(progress({ running: 3 }), false, 'verify: Waiting');
    view.show(progress({ running: 3 }), false, 'verify: done');
    expect(terminal.notes).toBe(
      'overall progress: 0 out of 3 tasks\nweb.1: endpoint t1x2y3z4a5b6c7 failed\noverall progress: 3 out of 3 tasks\nverify: Waiting\nverify: done\n',
    );
  });

  it('says nothing when told to be quiet', () => {
    const terminal = fakeTerminal(false);
    openProgressView(terminal, true).show(progress(), false);
    expect(terminal.notes).toBe('');
  });
});

it('draws over what it drew on a terminal, and only when there is news', () => {
  const terminal = fakeTerminal(true);
  const view = openProgressView(terminal, false);
  view.show(progress({ replicas: 1, slots: [] }), false);
  view.show(progress({ replicas: 1, slots: [] }), false);
  view.show(progress({ replicas: 1, running: 1, slots: [] }), false, 'verify: done');
  view.show(progress({ replicas: 1, running: 1, slots: [] }), false);
  expect(terminal.notes).toBe(
    [
      '\x1b[2Koverall progress: 0 out of 1 tasks\n',
      '\x1b[1A\x1b[2Koverall progress: 1 out of 1 tasks\n\x1b[2Kverify: done\n',
      '\x1b[2A\x1b[2Koverall progress: 1 out of 1 tasks\n\x1b[J',
    ].join(''),
  );
});
