import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { lookAtGate } from './gate.ts';
import { explainRefusal } from './held.ts';
import { sourceDigest } from './programs.ts';

it('is compiled of the source that is there: `build` does it', () => {
  const source = readFileSync(new URL('gate.c', import.meta.url));
  expect(createHash('sha256').update(source).digest('hex')).toBe(sourceDigest);
});

it('takes nobody for somebody who waits', () => {
  expect(lookAtGate(process.pid)).toBe('passed');
  expect(lookAtGate(2 ** 30)).toBe('gone');
});

it.each([
  ['serve', 127, 'exec: "serve": executable file not found in $PATH'],
  ['/serve', 127, 'exec: "/serve": stat /serve: no such file or directory'],
  ['/etc', 126, 'exec: "/etc": permission denied'],
  ['serve', 143, 'it was ended before its program began (143)'],
])('says why it had nothing to begin, as the engine does: %s, %i', (program, exitCode, words) => {
  expect(explainRefusal(program, exitCode)).toBe(words);
});
