import { expect, it } from 'vitest';
import { parseListenAddress } from './listen-address.ts';

it.each([
  ['9600', { host: '127.0.0.1', port: 9600 }],
  ['0', { host: '127.0.0.1', port: 0 }],
  [':9600', { host: '::', port: 9600 }],
  ['0.0.0.0:9600', { host: '0.0.0.0', port: 9600 }],
  ['[::1]:9600', { host: '::1', port: 9600 }],
  ['localhost:9600', { host: 'localhost', port: 9600 }],
])('"%s" can be listened on', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});

it.each(['', 'here', '70000', '::1:9600', 'http://x:1', '1.2.3.4', '-1', '9600/metrics'])(
  '"%s" can not',
  (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  },
);
