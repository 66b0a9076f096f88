// Subnets, and addresses by where they stand in one: address arithmetic with small numbers. Of an IPv6 subnet nobody needs
// more than its first 2^32 addresses.
import { type IpAddress, type IpBlock, parseAddress, parseBlock } from '../grammar/ip-address.ts';

const MOST_ADDRESSES = 2 ** 32;

/** A block that begins where its prefix says: its host bits are 0. */
export function parseSubnet(text: string): IpBlock | undefined {
  const block = parseBlock(text);
  return block && { ...block, value: firstOf(block) };
}

function firstOf({ bits, prefix, value }: IpBlock): bigint {
  const rest = BigInt(bits - prefix);
  return (value >> rest) << rest;
}

export function formatBlock(block: IpBlock): string {
  return `${formatAddress(block)}/${block.prefix}`;
}

export function countAddresses({ bits, prefix }: IpBlock): number {
  return Math.min(2 ** (bits - prefix), MOST_ADDRESSES);
}

/** Where the address stands in the subnet, from 0; undefined outside. */
export function offsetIn(subnet: IpBlock, { bits, value }: IpAddress): number | undefined {
  if (bits !== subnet.bits) return undefined;
  const offset = value - subnet.value;
  return offset >= 0n && offset < BigInt(countAddresses(subnet)) ? Number(offset) : undefined;
}

export function addressAt({ bits, value }: IpBlock, offset: number): IpAddress {
  return { bits, value: value + BigInt(offset) };
}

/** As many addresses of the subnet, a power of two, from there on. */
export function blockAt(subnet: IpBlock, offset: number, size: number): IpBlock {
  return { ...addressAt(subnet, offset), prefix: subnet.bits - Math.log2(size) };
}

/** Where a part of the subnet begins, and how many addresses it has; undefined for what is no part of it. */
export function spanIn(subnet: IpBlock, part: IpBlock): { start: number; size: number } | undefined {
  const start = part.prefix < subnet.prefix ? undefined : offsetIn(subnet, part);
  return start === undefined ? undefined : { start, size: countAddresses(part) };
}

/** Where in the subnet a written address stands. */
export function offsetOfText(subnet: IpBlock, text: string): number | undefined {
  const address = parseAddress(text);
  return address && offsetIn(subnet, address);
}

/** As Go writes it: IPv6 in lower case, its longest run of zeros left out (RFC 5952). */
export function formatAddress({ bits, value }: IpAddress): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(16 * (7 - index))) & 0xffffn);
  const written = groups.map((group) => group.toString(16));
  const { at, length } = longestZeros(groups);
  if (length < 2) return written.join(':');
  return `${written.slice(0, at).join(':')}::${written.slice(at + length).join(':')}`;
}

/** The first of the longest. */
function longestZeros(groups: readonly bigint[]): { at: number; length: number } {
  let longest = { at: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0n ? length + 1 : 0;
    if (length > longest.length) longest = { at: index + 1 - length, length };
  }
  return longest;
}
