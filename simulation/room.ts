// Whether a network has something left for who waits for it: written without the allocator's own search, on purpose.
import { addressWithin, type IpBlock, parseAddress, parseBlock } from '@muster/model';
import type { AddressSpace, Network } from '@muster/state';

/** A free address that a service, or a task of the node, could have: one that is in no block that another node uses. */
export function hasRoom(network: Network, nodeId?: string): boolean {
  return network.spaces.some((space, index) => {
    const range = network.spec.ipam.configs[index]?.ipRange;
    const within = range === undefined ? undefined : parseBlock(range);
    const last = 2 ** (space.subnet.bits - space.subnet.prefix) - 1;
    const gateway = parseAddress(network.subnets[index]!.gateway)!.value - space.subnet.value;
    for (let place = 1; place < last; place += 1)
      if (BigInt(place) !== gateway && isFree(space, place, within, nodeId)) return true;
    return false;
  });
}

function isFree(space: AddressSpace, place: number, range: IpBlock | undefined, nodeId?: string): boolean {
  const { bits, value } = space.subnet;
  if (range && !addressWithin({ bits, value: value + BigInt(place) }, range)) return false;
  if (space.holderAt(place) !== undefined) return false;
  const isIn = ({ start, size }: { readonly start: number; readonly size: number }) =>
    place >= start && place < start + size;
  const block = [...space.blocks()].find(isIn);
  return !block || block.held === 0 || block.nodeId === nodeId;
}
