import { describe, expect, it } from 'vitest';
import { startRun, summarise } from './run.ts';
import type { Subject } from './subject.ts';

const double: Subject = {
  start:
    () =>
    ({ input }) => {
      if (typeof input !== 'number') throw new TypeError('no number');
      return 2 * input;
    },
  skip: ({ later }) => (later ? 'needs what is to come' : undefined),
};

describe('a run of vectors', () => {
  it('tells what passed, failed and was skipped, and why', () => {
    const rows = [
      { input: 1, expect: 2 },
      { name: 'wrong', input: 2, expect: 5 },
      { expr: 'x==y', input: 'x', expect: 2 },
      { input: 3, later: true },
    ];
    expect(summarise({ file: 'double.json', rows, subject: double })).toEqual({
      file: 'double.json',
      passed: 1,
      failed: 2,
      skipped: 1,
      failures: [
        { case: '#1 wrong', expected: 5, got: 4 },
        { case: '#2 x==y', expected: 2, got: { thrown: 'TypeError: no number' } },
      ],
      skips: [{ case: '#3', reason: 'needs what is to come' }],
    });
  });

  it('skips every row of a file that nothing here is about', () => {
    const vectors = { file: 'unheard-of.json', rows: [{}, {}], subject: undefined };
    expect(summarise(vectors)).toMatchObject({ passed: 0, failed: 0, skipped: 2, failures: [] });
  });

  it('keeps what a subject remembers to one run', () => {
    let started = 0;
    const subject: Subject = {
      start() {
        started += 1;
        let row = 0;
        return () => {
          row += 1;
          return row;
        };
      },
    };
    const vectors = { file: 'sequence.json', rows: [{ expect: 1 }, { expect: 2 }], subject };
    expect(summarise(vectors).passed).toBe(2);
    const judge = startRun(vectors);
    expect(vectors.rows.map((row) => judge(row).verdict)).toEqual(['passed', 'passed']);
    expect(started).toBe(2);
  });
});
