import { expect, it } from 'vitest';
import { isLoopback, readResolvConf } from './resolv-conf.ts';

it('has the first three servers, in order', () => {
  const text = [
    '# nameserver 1.1.1.1',
    'search corp.example.com',
    'nameserver 10.0.0.2 # here',
    '  nameserver\tfd00::2',
    'nameserver fe80::1%eth0',
    'nameserver 10.0.0.3',
    'nameserver example.com',
    'options ndots:2',
  ].join('\n');
  expect(readResolvConf(text).map(({ host }) => host)).toEqual(['10.0.0.2', 'fd00::2', 'fe80::1%eth0']);
  expect(readResolvConf('')).toEqual([]);
});

it.each([
  ['127.0.0.53', true],
  ['::1', true],
  ['10.0.0.2', false],
  ['fd00::2', false],
])('%s is loopback: %s', (host, is) => {
  expect(isLoopback({ host, port: 53 })).toBe(is);
});
