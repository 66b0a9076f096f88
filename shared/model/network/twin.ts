// A network with IPv6 has one subnet of it, and an address there for each of its IPv4 addresses: the subnet's first, with the IPv4
// address in its last 32 bits (fd12:…:3::10.0.3.7). So who has the one has the other, and nobody has to be told of both.
import { addressWithin, type IpBlock, parseAddress, parseBlock } from '../grammar/ip-address.ts';
import type { NetworkSpec } from './network-spec.ts';
import { formatAddress, formatBlock, parseSubnet } from './subnet.ts';

/** Leading bits of the smallest subnet of IPv6 that has room for every IPv4 address. */
export const LONGEST_TWIN_PREFIX = 96;

/** "fd12::a00:307" of "fd12::/64" and "10.0.3.7"; of a block, the block. */
export function twinOf(subnet6: string, text: string): string {
  const { value, prefix, bits } = parseBlock(text)!;
  const twin: IpBlock = {
    bits: 128,
    value: parseSubnet(subnet6)!.value | value,
    prefix: LONGEST_TWIN_PREFIX + prefix,
  };
  return prefix === bits && !text.includes('/') ? formatAddress(twin) : formatBlock(twin);
}

/** Whose twin an address is: as it is written in IPv4, which may be an address that nobody can have. */
export function twinIn(subnet6: string, text: string): string | undefined {
  const [subnet, address] = [parseSubnet(subnet6), parseAddress(text)];
  if (subnet === undefined || address === undefined || !addressWithin(address, subnet)) return undefined;
  const rest = address.value - subnet.value;
  return rest < 1n << 32n ? formatAddress({ bits: 32, value: rest }) : undefined;
}

/** The network's subnet of IPv6, of all that it has. */
export function findSubnet6<Subnet extends { readonly subnet: string }>(
  subnets: readonly Subnet[],
): Subnet | undefined {
  return subnets.find(({ subnet }) => isIpv6Text(subnet));
}

/** An address or a block, as it is written. */
export function isIpv6Text(text: string): boolean {
  return text.includes(':');
}

/** Published ports are reached by either, so the network behind them has both. */
export function isDualStack({ ipv6, ingress }: Pick<NetworkSpec, 'ipv6' | 'ingress'>): boolean {
  return ipv6 || ingress;
}
