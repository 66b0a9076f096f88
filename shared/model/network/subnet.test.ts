import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksOverlap, parseAddress } from '../grammar/ip-address.ts';
import {
  addressAt,
  blockAt,
  countAddresses,
  formatAddress,
  formatBlock,
  offsetIn,
  offsetOfText,
  parseSubnet,
  spanIn,
} from './subnet.ts';

const ipv4 = fc.ipV4().map((text) => ({ text, family: 'ipv4' as const, bits: 32 }));
const ipv6 = fc.ipV6().map((text) => ({ text, family: 'ipv6' as const, bits: 128 }));
const block = fc
  .oneof(ipv4, ipv6)
  .chain((address) => fc.integer({ min: 0, max: address.bits }).map((prefix) => ({ ...address, prefix })));

describe('an address', () => {
  it('is the same when it was written and read again', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), ({ text }) => {
        const address = parseAddress(text)!;
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['FD00:0:0:0:1:0:0:1', 'fd00::1:0:0:1'],
    ['fd00:0:1:0:0:0:1:0', 'fd00:0:1::1:0'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['fd00:0:0:0:0:0:0:0', 'fd00::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
  ])('%s is written %s', (text, written) => {
    expect(formatAddress(parseAddress(text)!)).toBe(written);
  });
});

describe('a subnet', () => {
  it('begins where its prefix says, and has the addresses that Node counts to it', () => {
    fc.assert(
      fc.property(block, fc.nat(), ({ text, family, bits, prefix }, some) => {
        const subnet = parseSubnet(`${text}/${prefix}`)!;
        if (subnet.bits !== bits) return;
        const list = new BlockList();
        list.addSubnet(text, prefix, family);
        const offset = some % countAddresses(subnet);
        const inside = addressAt(subnet, offset);
        expect(list.check(formatAddress(inside), family)).toBe(true);
        expect(offsetIn(subnet, inside)).toBe(offset);
        expect(offsetIn(subnet, { ...subnet, value: subnet.value - 1n })).toBeUndefined();
      }),
    );
  });

  it('overlaps another that has an address of it', () => {
    fc.assert(
      fc.property(block, block, (one, other) => {
        const [a, b] = [
          parseSubnet(`${one.text}/${one.prefix}`)!,
          parseSubnet(`${other.text}/${other.prefix}`)!,
        ];
        const ends = ({ value, prefix, bits }: typeof a) =>
          [value, value + (1n << BigInt(bits - prefix)) - 1n] as const;
        const [[firstA, lastA], [firstB, lastB]] = [ends(a), ends(b)];
        expect(blocksOverlap(a, b)).toBe(a.bits === b.bits && firstA <= lastB && firstB <= lastA);
        expect(blocksOverlap(b, a)).toBe(blocksOverlap(a, b));
      }),
    );
  });

  it('has parts', () => {
    const subnet = parseSubnet('10.0.3.7/24')!;
    expect(formatBlock(subnet)).toBe('10.0.3.0/24');
    expect(formatBlock(blockAt(subnet, 64, 64))).toBe('10.0.3.64/26');
    expect(spanIn(subnet, parseSubnet('10.0.3.64/26')!)).toEqual({ start: 64, size: 64 });
    expect(spanIn(subnet, subnet)).toEqual({ start: 0, size: 256 });
    expect(spanIn(subnet, parseSubnet('10.0.0.0/16')!)).toBeUndefined();
    expect(spanIn(subnet, parseSubnet('10.0.4.0/26')!)).toBeUndefined();
    expect(spanIn(subnet, parseSubnet('fd00::/64')!)).toBeUndefined();
    expect(offsetOfText(subnet, '10.0.3.255')).toBe(255);
    expect(offsetOfText(subnet, '10.0.4.0')).toBeUndefined();
    expect(offsetOfText(subnet, '10.0.4')).toBeUndefined();
    expect(parseSubnet('10.0.3.0/33')).toBeUndefined();
  });

  it('of IPv6 counts as far as anybody goes', () => {
    const subnet = parseSubnet('fd00:1::/64')!;
    expect(countAddresses(subnet)).toBe(2 ** 32);
    expect(formatBlock(blockAt(subnet, 256, 256))).toBe('fd00:1::100/120');
  });
});
