// A network of the cluster: what was asked for, and what the allocator gave it.
import type { Stored, Subnet } from '@muster/events';
import { type IpBlock, type NetworkSpec, parseSubnet } from '@muster/model';
import { AddressSpace } from './address-space.ts';

export interface Network {
  readonly id: string;
  /** Whose it is; '' for the default team. */
  readonly team: string;
  readonly createdAt: number;
  /** Sequence of the event that made it: what Docker calls the version index. */
  readonly createdSeq: number;
  /** As it stands in the log; `spec` is the same in this build's form. */
  readonly storedSpec: Stored;
  readonly spec: NetworkSpec;
  /** It goes when none of its addresses is held any more. */
  removed: boolean;
  /** No other network has it; undefined until it is allocated. */
  number: number | undefined;
  subnets: readonly Subnet[];
  /** Those, to compare with. */
  ranges: readonly IpBlock[];
  /** Why it has no subnet; '' when nobody has said. */
  failure: string;
  /** Who holds what of its subnets of IPv4, in their order. Addresses of IPv6 are twins of those, and need nobody's note. */
  spaces: readonly AddressSpace[];
}

/** A network as it is before anything was given to it. */
export function makeNetwork(
  facts: Pick<Network, 'id' | 'team' | 'createdAt' | 'createdSeq' | 'storedSpec' | 'spec'>,
): Network {
  return { ...facts, removed: false, number: undefined, subnets: [], ranges: [], failure: '', spaces: [] };
}

export function giveSubnets(network: Network, number: number, subnets: readonly Subnet[]): void {
  network.number = number;
  network.subnets = subnets;
  network.ranges = subnets.map(({ subnet }) => parseSubnet(subnet)!);
  network.spaces = network.ranges.filter(({ bits }) => bits === 32).map((subnet) => new AddressSpace(subnet));
}
