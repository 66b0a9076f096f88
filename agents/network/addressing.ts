// Everything that has a number or an address for the data path's own use, derived, so that nobody has to ask anybody.
import { parseAddress } from '@muster/model';

/** What is different in one family of addresses and in the other. */
export interface Family {
  /** In the words of nft. */
  readonly name: 'ip' | 'ip6';
  readonly address: 'ipv4_addr' | 'ipv6_addr';
  readonly ping: string;
  /** What is said with an error to whom may not go there: programs call it "no route to host" or "host unreachable". */
  readonly nowhere: string;
  /** What the machine calls itself, and nobody else does. */
  readonly loopback: string;
  /** Leading bits of an address that is one alone. */
  readonly bits: 32 | 128;
  /** Every task's gateway: its neighbour is permanent, so that nothing ever asks who has it. */
  readonly gateway: string;
  /** Leading bits of a network that has both ends of an uplink and nobody else. */
  readonly uplinkPrefix: number;
  /** The next hop that stands for a node. It is seen in no packet, only in routes and neighbours of the overlay's device. */
  hop(number: number): string;
}

/** The resolver listens at the gateway. */
export const IPV4: Family = {
  name: 'ip',
  address: 'ipv4_addr',
  ping: 'icmp type echo-request',
  nowhere: 'icmp admin-prohibited',
  loopback: '127.0.0.0/8',
  bits: 32,
  gateway: '169.254.1.1',
  uplinkPrefix: 30,
  hop: (number) => `169.254.${128 + (number >> 8)}.${number & 255}`,
};
/** All of it in what is for local use: fd, and "muster" in five bytes and one. */
export const IPV6: Family = {
  name: 'ip6',
  address: 'ipv6_addr',
  ping: 'icmpv6 type echo-request',
  nowhere: 'icmpv6 addr-unreachable',
  loopback: '::1',
  bits: 128,
  gateway: 'fd6d:7573:7465:7200::1',
  uplinkPrefix: 126,
  hop: (number) => `fd6d:7573:7465:7201::${number.toString(16)}`,
};
/** The router's end of every task's veth. */
export const ROUTER_MAC = '02:6d:75:ff:ff:ff';
/** Of the uplink; the two know each other without asking. */
export const UPLINK_MACS = { host: '02:6d:75:fe:ff:01', router: '02:6d:75:fe:ff:02' };
/** Routes and rules with it are ours; others stay. */
export const ROUTE_PROTOCOL = '77';
/** What an outer IPv4, UDP and VXLAN header and the inner Ethernet header take. */
export const VXLAN_OVERHEAD = 50;
export const VXLAN_PORT = 4790;
export const LARGEST_NODE_NUMBER = 32_767;

/** A node's own in the overlay, and how others know by whom a packet came. */
export function nodeMac(number: number): string {
  return `02:6d:75:00:${hexByte(number >> 8)}:${hexByte(number)}`;
}

/** The table with the way back through a node. */
export function returnTable(number: number): number {
  return 100_000 + number;
}

export function taskMac(address: string): string {
  return `02:42:${addressBytes(address).map(hexByte).join(':')}`;
}

/** The router's end. No two tasks of a cluster have one address, so the name is as good as an id. */
export function taskLink(address: string): string {
  return `t${addressBytes(address).map(hexByte).join('')}`;
}

/** By address, as chains of nft may not begin with a digit nor have dots or colons. */
export function serviceChain(vip: string): string {
  return `vip_${vip.replaceAll(/[.:]/g, '_')}`;
}

/** Of the last 32 bits, in which twins are alike. */
function addressBytes(address: string): number[] {
  const { value } = parseAddress(address)!;
  return [24n, 16n, 8n, 0n].map((shift) => Number((value >> shift) & 0xffn));
}

function hexByte(value: number): string {
  return (value & 255).toString(16).padStart(2, '0');
}
