import { expect, it } from 'vitest';
import { parseServerAddress, writeServerAddress } from './server-address.ts';

it.each([
  ['10.0.0.2', '10.0.0.2:53'],
  ['10.0.0.2:5353', '10.0.0.2:5353'],
  ['127.0.0.1:0', '127.0.0.1:0'],
  ['fd00::2', '[fd00::2]:53'],
  ['[fd00::2]', '[fd00::2]:53'],
  ['[::1]:5353', '[::1]:5353'],
])('%s', (text, written) => {
  expect(writeServerAddress(parseServerAddress(text)!)).toBe(written);
});

it.each([
  '',
  ':53',
  '53',
  'localhost',
  '10.0.0.256',
  '10.0.0.2:',
  '10.0.0.2:65536',
  '[10.0.0.2]:53',
  'fd00::2]:53',
])('is none: %s', (text) => {
  expect(parseServerAddress(text)).toBeUndefined();
});
