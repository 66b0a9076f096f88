import { expect, it } from 'vitest';
import { checkAddressPools, DEFAULT_ADDRESS_POOLS } from './address-pools.ts';

const say = (pools: string[], prefix = 24) => checkAddressPools({ pools, prefix })?.message;

it('takes pools that a network’s part fits into', () => {
  expect(checkAddressPools(DEFAULT_ADDRESS_POOLS)).toBeUndefined();
  expect(say(['10.20.0.0/16', '10.30.0.0/24'], 24)).toBeUndefined();
  expect(say(['10.20.0.0/16'], 29)).toBeUndefined();
});

it.each([
  [['10.20.0.0/16'], 30, 'subnet size is out of range: 30'],
  [['10.20.0.0/16'], 0, 'subnet size is out of range: 0'],
  [['10.20.0.0'], 24, 'invalid CIDR address: 10.20.0.0'],
  [['10.20.0.0/25'], 24, 'invalid CIDR: "10.20.0.0/25". Subnet size is too small for pool: 24'],
  [['10.20.0.0/16', '10.20.7.0/24'], 24, 'pool 10.20.7.0/24 overlaps with 10.20.0.0/16'],
  [['fd00::/48'], 24, 'fd00::/48: pools of IPv6 are not supported yet'],
])('refuses %j with a mask of %i', (pools, prefix, message) => {
  expect(say(pools, prefix)).toBe(message);
});
