import { describe, expect, it } from 'vitest';
import { checkLogSubject, checkSubject, matchSubject, matchSubjects, reducePatterns } from './subjects.ts';

describe('matchSubject', () => {
  it.each([
    ['a.b.c', 'a.b.c', true],
    ['a.b.c', 'a.b.d', false],
    ['a.*.c', 'a.b.c', true],
    ['a.*.c', 'a.b.d', false],
    ['a.*', 'a.b.c', false],
    ['a.*', 'a', false],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['a.>', 'a.', false],
    ['a.>', 'ab.c', false],
    ['*.b.>', 'a.b.c.d', true],
    ['*.b.>', 'a.b', false],
    ['>', 'anything.at.all', true],
  ])('%s on %s is %s', (pattern, subject, expected) => {
    expect(matchSubject(pattern)(subject)).toBe(expected);
  });

  it('takes any of several patterns, and refuses none at all', () => {
    const test = matchSubjects(['a.>', 'b.*']);
    expect([test('a.x'), test('b.x'), test('c.x')]).toEqual([true, true, false]);
    expect(matchSubjects(undefined)('x')).toBe(true);
    expect(() => matchSubjects([])).toThrow(TypeError);
  });
});

describe('reducePatterns', () => {
  it('drops repeats and what another pattern covers', () => {
    expect(reducePatterns(['a.>', 'a.b', 'a.*.c', 'b.*', 'b.c', 'b.*'])).toEqual(['a.>', 'b.*']);
    expect(reducePatterns(['a.*.c', 'a.b.*'])).toEqual(['a.*.c', 'a.b.*']);
    expect(reducePatterns(['a.*', 'a.>'])).toEqual(['a.>']);
  });
});

describe('what may be published', () => {
  it.each(['', 'a..b', '.a', 'a.', 'a.*', 'a.>', 'a b', 'a.b\n', 'x'.repeat(5_000)])(
    'refuses %j',
    (subject) => {
      expect(() => checkSubject(subject)).toThrow(TypeError);
    },
  );

  it('refuses subjects that are not the log’s', () => {
    expect(() => checkLogSubject('muster.event.agent.node.n1')).not.toThrow();
    expect(() => checkLogSubject('muster.heartbeat.n1')).toThrow('not a subject of the log');
  });
});
