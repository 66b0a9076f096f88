// Virtual addresses: one for a service on each of its networks, unless its name is to lead to its tasks' own. A new version keeps
// those of the one before.
import type { NetworkAddress } from '@muster/events';
import { addressAt, formatAddress, formatBlock } from '@muster/model';
import type { AddressSpace, ClusterState, Network, Service } from '@muster/state';
import { findSpan } from './find-span.ts';
import { type Given, lastTaken } from './given.ts';
import { placeOf } from './place-of.ts';
import { findUsable } from './usable.ts';

export type VipAllocation =
  | { readonly is: 'allocated'; readonly addresses: NetworkAddress[] }
  | { readonly is: 'refused'; readonly message: string }
  /** A network of it is still to be allocated. */
  | { readonly is: 'waiting' };

export function allocateVips(state: ClusterState, service: Service, given: Given): VipAllocation {
  const addresses: NetworkAddress[] = [];
  const isVirtual = service.spec.endpointSpec.mode !== 'dnsrr';
  for (const networkId of service.version.networks) {
    const network = state.networks.get(networkId);
    if (!network || network.removed) return { is: 'refused', message: `network ${networkId} not found` };
    const { name } = network.spec;
    if (network.failure !== '')
      return { is: 'refused', message: `network ${name} could not be allocated: ${network.failure}` };
    if (network.number === undefined) return { is: 'waiting' };
    // Nobody calls a service there but by its published ports.
    if (!isVirtual || networkId === service.version.ingress) continue;
    const address = keep(service, networkId) ?? pick(network, service.id, given);
    if (address === undefined)
      return {
        is: 'refused',
        message: `could not find an available IP while allocating VIP: ${explainFull(network)}`,
      };
    addresses.push({ networkId, address });
  }
  return { is: 'allocated', addresses };
}

function keep({ addresses }: Service, networkId: string): string | undefined {
  return addresses.find((vip) => vip.networkId === networkId)?.address;
}

function pick(network: Network, serviceId: string, given: Given): string | undefined {
  for (const idleToo of [true, false]) {
    for (const [index, space] of network.spaces.entries()) {
      const place = findVip(network, space, index, { serviceId, given, idleToo });
      if (place !== undefined) return formatAddress(addressAt(space.subnet, place));
    }
  }
  return undefined;
}

interface Wish {
  readonly serviceId: string;
  readonly given: Given;
  readonly idleToo: boolean;
}

function findVip(
  network: Network,
  space: AddressSpace,
  index: number,
  { serviceId, given, idleToo }: Wish,
): number | undefined {
  const { forVips, whole, isReserved } = findUsable(network, space, index);
  const taken = lastTaken(space, [given.of(space)], idleToo);
  for (const window of [forVips, whole]) {
    const from = window.first + placeOf(window.end - window.first, 'vip', serviceId, network.id);
    const found = findSpan(1, window, from, (span) => (isReserved(span.start) ? span : taken(span)));
    if (found) return found.start;
  }
  return undefined;
}

export function explainFull({ spec, spaces }: Network): string {
  const ranges = spec.ipam.configs.flatMap(({ ipRange }) => ipRange ?? []);
  const all = ranges.length > 0 ? ranges : spaces.map(({ subnet }) => formatBlock(subnet));
  return `all addresses of network ${spec.name} (${all.join(', ')}) are taken; remove what is on it, or use a network with a larger --subnet`;
}
