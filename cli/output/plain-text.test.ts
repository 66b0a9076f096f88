import type { Progress } from '@muster/api';
import { expect, it } from 'vitest';
import { printer } from '../commands/doctor.ts';
import { namePrefix } from '../logs/prefix.ts';
import { openProgressView } from '../wait/progress-view.ts';
import { plainJson, plainLines, plainText } from './plain-text.ts';
import { layOutTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { makeTask } from './views.fixture.ts';

it('shows what a terminal would act on', () => {
  expect(plainText('a\u001b[2J\r\nb\tc\u009b1m\u202e')).toBe('a\\u001b[2J\\r\\nb\\tc\\u009b1m\\u202e');
});

it('leaves words in any language as they are', () => {
  expect(plainText('ιστός 网 🕸 ä')).toBe('ιστός 网 🕸 ä');
});

it('keeps the lines of what has several', () => {
  expect(plainLines('a\n\tb\r\u001b[2J')).toBe('a\n\tb\\r\\u001b[2J');
});

it('is in JSON what means the same', () => {
  const value = { 'a\u009b': ['\u202e\u007f\n'] };
  expect(plainJson(value)).toBe('{"a\\u009b":["\\u202e\\u007f\\n"]}');
  expect(JSON.parse(plainJson(value, 2))).toEqual(value);
});

it('is what the doctor, progress and logs show of what nodes call themselves', () => {
  const style = (_: string, text: string) => text;
  const finding = { level: 'warn', what: 'nodes', says: 'a\u001b[2J is down', advice: 'see\u009b' } as const;
  expect(printer({ style })(finding)).toBe(
    'warn  nodes    a\\u001b[2J is down\n               -> see\\u009b\n',
  );
  const shown = { raw: false, taskIds: false, noTrunc: false, noResolve: false };
  expect(namePrefix(makeTask({ hostname: 'n\u001b[2J' }), shown)).toBe('web.1@n\\u001b[2J');
  const lines: string[] = [];
  const terminal = { note: (text: string) => void lines.push(text), redraws: false } as Partial<Terminal>;
  const slot = { slot: 1, state: 'rejected', err: 'no\u001b[2J image' } as const;
  const progress = { name: 'web', replicas: 1, running: 0, slots: [slot] } as Partial<Progress>;
  openProgressView(terminal as Terminal, false).show(progress as Progress, false);
  expect(lines.at(-1)).toBe('web.1: no\\u001b[2J image\n');
});

it('is what tables show', () => {
  expect(layOutTable([['NAME'], ['a\nb\u0007']])).toBe('NAME\na\\nb\\u0007\n');
});
