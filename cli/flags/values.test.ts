import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { rewriteOptions } from './equal-signs.ts';
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
  it.each(['', 'now', '10 minutes', '2026-13-01', '9999999999h', '99999999999999999999'])(
    'refuses %s',
    (text) => {
      expect(() => parseMoment(text, now)).toThrow('is no point in time');
    },
  );
});

it('makes up names that can stand in a subject', () => {
  for (const random of [0, 0.5, 0.999999]) expect(makeName(() => random)).toMatch(/^[a-z]+_[a-z]+$/);
});

describe('equal signs', () => {
  const command = new Command()
    .option('-t, --tty')
    .option('-q, --quiet')
    .option('--no-trunc')
    .option('--name <name>')
    .option('-e, --env <env>');
  it.each<[string[], string[]]>([
    [
      ['--tty=true', 'img'],
      ['--tty', 'img'],
    ],
    [['--tty=false'], ['--no-tty']],
    [
      ['--tty=0', '--tty=T'],
      ['--no-tty', '--tty'],
    ],
    [
      ['--no-trunc=false', '--no-trunc=true'],
      ['--trunc', '--no-trunc'],
    ],
    [['-t=false'], ['--no-tty']],
    [
      ['-tq=0', '-q=1'],
      ['-t', '--no-quiet', '--quiet'],
    ],
    [['-tq'], ['-tq']],
    [
      ['-e=A=1', '-te=-x'],
      ['-e', 'A=1', '-t', '-e', '-x'],
    ],
    [['-eA=1'], ['-eA=1']],
    [
      ['--name', '--tty=false', '-e', '-t=false', '-te', '-q=0', '-q=0'],
      ['--name', '--tty=false', '-e', '-t=false', '-te', '-q=0', '--no-quiet'],
    ],
    [
      ['--name=x', '-e', 'A=1', '--tty=1'],
      ['--name=x', '-e', 'A=1', '--tty'],
    ],
    [
      ['web=1', '-t=false'],
      ['web=1', '--no-tty'],
    ],
    [
      ['--', '--tty=false'],
      ['--', '--tty=false'],
    ],
    [
      ['--other=false', '-x=1'],
      ['--other=false', '-x=1'],
    ],
  ])('%j', (argv, rewritten) => {
    expect(rewriteOptions(command, argv)).toEqual(rewritten);
  });

  it('of what follows an image or the name of a command are not ours', () => {
    const create = new Command().enablePositionalOptions().command('create').option('-t, --tty');
    create.passThroughOptions();
    expect(rewriteOptions(create, ['-t=0', 'img', '-t=0'])).toEqual(['--no-tty', 'img', '-t=0']);
    const group = new Command().option('-t, --tty');
    group.command('create');
    expect(rewriteOptions(group, ['-t=0', 'create', '-t=0'])).toEqual(['--no-tty', 'create', '-t=0']);
  });

  it.each([['--tty=maybe'], ['-t=yes'], ['--tty='], ['--tty=tRUE']])('refuse %s', (text) => {
    expect(() => rewriteOptions(command, [text])).toThrow('for "-t, --tty" flag: write true or false');
  });
});
