// Everything that has a number or an address for the data path's own use, derived, so that nobody has to ask anybody.

/** Every task's gateway: its neighbour is permanent, so that nothing ever asks who has it. The resolver listens there. */
export const GATEWAY = '169.254.1.1';
/** The router's end of every task's veth. */
export const ROUTER_MAC = '02:6d:75:ff:ff:ff';
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

/** The next hop that stands for a node. It is seen in no packet, only in routes and neighbours of the overlay's device. */
export function nodeHop(number: number): string {
  return `169.254.${128 + (number >> 8)}.${number & 255}`;
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

/** By address, as chains of nft may not begin with a digit nor have dots. */
export function serviceChain(vip: string): string {
  return `vip_${vip.replaceAll('.', '_')}`;
}

function addressBytes(address: string): number[] {
  return address.split('.').map(Number);
}

function hexByte(value: number): string {
  return (value & 255).toString(16).padStart(2, '0');
}
