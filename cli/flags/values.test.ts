import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { rewriteBooleans } from './booleans.ts';
import { makeName } from './make-name.ts';
import { parseMoment } from './moments.ts';
import { splitShellWords } from './shell-words.ts';

describe('shell words', () => {
  it.each([
    ['', []],
    ['  a  b ', ['a', 'b']],
    [`sh -c 'echo "x y"'`, ['sh', '-c', 'echo "x y"']],
    [`"a b" c"d"e`, ['a b', 'cde']],
    [`"a \\" b" '' a\\ b`, ['a " b', '', 'a b']],
    [`'a\\b'`, ['a\\b']],
    [`"a\\b"`, ['a\\b']],
    [`'open`, undefined],
    ['a\\', undefined],
  ])('%s', (text, words) => {
    expect(splitShellWords(text)).toEqual(words);
  });
});

describe('moments', () => {
  const now = Date.UTC(2026, 0, 2);
  it.each([
    ['12', { seq: 12 }],
    ['#12', { seq: 12 }],
    ['0', { seq: 0 }],
    ['10m', { time: now - 600_000 }],
    ['1h30m', { time: now - 5_400_000 }],
    ['2026-01-01T00:00:00Z', { time: Date.UTC(2026, 0, 1) }],
    ['2026-01-01', { time: Date.UTC(2026, 0, 1) }],
  ])('%s', (text, moment) => {
    expect(parseMoment(text, now)).toEqual(moment);
  });
  it.each(['', 'now', '10 minutes', '2026-13-01'])('refuses %s', (text) => {
    expect(() => parseMoment(text, now)).toThrow('is no point in time');
  });
});

it('makes up names that can stand in a subject', () => {
  for (const random of [0, 0.5, 0.999999]) expect(makeName(() => random)).toMatch(/^[a-z]+_[a-z]+$/);
});

describe("Docker's booleans", () => {
  const command = new Command().option('-t, --tty').option('--name <name>').option('-e, --env <env>');
  it.each([
    [
      ['--tty=true', 'img'],
      ['--tty', 'img'],
    ],
    [
      ['--tty=false', 'img'],
      ['--no-tty', 'img'],
    ],
    [
      ['--tty=0', '--tty=T'],
      ['--no-tty', '--tty'],
    ],
    [
      ['--name', 'x', '--tty=false'],
      ['--name', 'x', '--no-tty'],
    ],
    [
      ['--name=x', '-e', 'A=1', '--tty=1'],
      ['--name=x', '-e', 'A=1', '--tty'],
    ],
    [
      ['img', '--tty=false'],
      ['img', '--tty=false'],
    ],
    [
      ['--', '--tty=false'],
      ['--', '--tty=false'],
    ],
    [['--tty=maybe'], ['--tty=maybe']],
    [['--other=false'], ['--other=false']],
  ])('%j', (argv, rewritten) => {
    expect(rewriteBooleans(command, ['tty'], argv)).toEqual(rewritten);
  });
});
