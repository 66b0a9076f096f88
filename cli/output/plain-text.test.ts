import { expect, it } from 'vitest';
import { plainText } from './plain-text.ts';
import { layOutTable } from './table.ts';

it('shows what a terminal would act on', () => {
  expect(plainText('a\u001b[2J\r\nb\tc\u009b1m\u202e')).toBe('a\\u001b[2J\\r\\nb\\tc\\u009b1m\\u202e');
});

it('leaves words in any language as they are', () => {
  expect(plainText('ιστός 网 🕸 ä')).toBe('ιστός 网 🕸 ä');
});

it('is what tables show', () => {
  expect(layOutTable([['NAME'], ['a\nb\u0007']])).toBe('NAME\na\\nb\\u0007\n');
});
