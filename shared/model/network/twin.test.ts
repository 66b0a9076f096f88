import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressWithin, parseAddress, parseBlock } from '../grammar/ip-address.ts';
import { formatBlock, parseSubnet } from './subnet.ts';
import { findSubnet6, isDualStack, twinIn, twinOf } from './twin.ts';

const subnet6 = fc
  .tuple(fc.ipV6(), fc.integer({ min: 8, max: 96 }))
  .map(([text, prefix]) => formatBlock(parseSubnet(`fd00:${text.split(':')[0] || 0}::/${prefix}`)!));

it.each([
  ['fd12:3456:789a:3::/64', '10.0.3.7', 'fd12:3456:789a:3::a00:307'],
  ['fd12:3456:789a:3::/64', '10.0.3.64/26', 'fd12:3456:789a:3::a00:340/122'],
  ['fd12:3456:789a:3::/64', '10.0.3.7/32', 'fd12:3456:789a:3::a00:307/128'],
  ['fd00:0:0:0:1::/96', '10.0.0.0', 'fd00::1:0:a00:0'],
])('the twin of %s %s is %s', (subnet, text, twin) => {
  expect(twinOf(subnet, text)).toBe(twin);
});

it('an address has one twin in a subnet, and the twin says whose it is', () => {
  fc.assert(
    fc.property(subnet6, fc.ipV4(), (subnet, text) => {
      const twin = twinOf(subnet, text);
      expect(addressWithin(parseAddress(twin)!, parseBlock(subnet)!)).toBe(true);
      expect(twinIn(subnet, twin)).toBe(text);
    }),
  );
});

it('an address elsewhere is nobody’s twin', () => {
  expect(twinIn('fd00::/64', 'fd00:0:0:1::1')).toBeUndefined();
  expect(twinIn('fd00::/64', 'fd00::1:0:1')).toBeUndefined();
  expect(twinIn('fd00::/64', '10.0.0.1')).toBeUndefined();
});

it('what publishes is reached by both', () => {
  expect(isDualStack({ ipv6: false, ingress: true })).toBe(true);
  expect(isDualStack({ ipv6: false, ingress: false })).toBe(false);
  expect(findSubnet6([{ subnet: '10.0.0.0/24' }, { subnet: 'fd00::/64' }])?.subnet).toBe('fd00::/64');
});
