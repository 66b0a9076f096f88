import { expect, it } from 'vitest';
import { pickSubnet } from './choose-subnet.ts';

it('takes the first subnet from its slot on that nothing leads to, and begins again at the end', () => {
  expect(pickSubnet(3, [])).toBe('198.18.3');
  expect(pickSubnet(255, ['198.18.255.0/24'])).toBe('198.19.0');
  expect(pickSubnet(511, ['198.19.255.7'])).toBe('198.18.0');
  expect(pickSubnet(0, ['198.18.0.0/16'])).toBe('198.19.0');
});

it('minds neither the way to everywhere nor what is said of other families', () => {
  expect(pickSubnet(3, ['default', '0.0.0.0/1', '128.0.0.0/1', 'fe80::/64'])).toBe('198.18.3');
});

it('says when there is none', () => {
  expect(() => pickSubnet(3, ['198.18.0.0/15'])).toThrow('no subnet of 198.18.0.0/15 is free');
});
