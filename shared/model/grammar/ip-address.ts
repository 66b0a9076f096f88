// IP addresses and CIDR blocks as Go's net package reads and compares them: an IPv4 address written as IPv6
// (::ffff:10.0.0.1) is the IPv4 address.
import { z } from 'zod';

export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface IpBlock extends IpAddress {
  /** Leading bits that an address shares with the block. */
  readonly prefix: number;
}

const MAPPED = 0xffffn << 32n;
const IPV4_MASK = 0xffff_ffffn;

const ipv4 = z.ipv4();
const ipv6 = z.ipv6();

/** Undefined for what is no address; one with a zone is none either. */
export function parseAddress(text: string): IpAddress | undefined {
  if (ipv4.safeParse(text).success) return { bits: 32, value: parseIpv4(text) };
  return ipv6.safeParse(text).success ? unmap(parseIpv6(text)) : undefined;
}

/** An address (a block of one) or `address/prefix`. */
export function parseBlock(text: string): IpBlock | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address) return undefined;
  if (slash < 0) return { ...address, prefix: address.bits };
  const written = text.slice(slash + 1);
  // The prefix counts in the notation used: of 128 bits when the address is written as IPv6.
  const size = text.includes(':') ? 128 : 32;
  if (!/^\d+$/.test(written) || Number(written) > size) return undefined;
  const prefix = Number(written);
  if (size === address.bits) return { ...address, prefix };
  // A block that cuts into the marker of a mapped address is an IPv6 block, and holds no IPv4 address.
  return prefix >= 96
    ? { ...address, prefix: prefix - 96 }
    : { bits: 128, value: MAPPED | address.value, prefix };
}

export function addressWithin(address: IpAddress, block: IpBlock): boolean {
  if (address.bits !== block.bits) return false;
  const rest = BigInt(block.bits - block.prefix);
  return address.value >> rest === block.value >> rest;
}

export function blocksOverlap(one: IpBlock, other: IpBlock): boolean {
  return one.prefix < other.prefix ? addressWithin(other, one) : addressWithin(one, other);
}

function parseIpv4(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const front = parseGroups(head);
  const back = tail === undefined ? [] : parseGroups(tail);
  const groups = [...front, ...new Array<bigint>(8 - front.length - back.length).fill(0n), ...back];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** The last two groups may be written as an IPv4 address. */
function parseGroups(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const value = parseIpv4(group);
    return [value >> 16n, value & 0xffffn];
  });
}

function unmap(value: bigint): IpAddress {
  return value >> 32n === 0xffffn ? { bits: 32, value: value & IPV4_MASK } : { bits: 128, value };
}
