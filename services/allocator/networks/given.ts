// What one round of decisions gives away, before the state shows it: nobody else in the round gets it.
import type { EventDraft, NetworkAddress } from '@muster/events';
import { type IpBlock, parseSubnet, spanIn } from '@muster/model';
import { type AddressSpace, type ClusterState, findPlace, HeldSpace, type Span } from '@muster/state';
import type { LastWithin } from './find-span.ts';

export interface Given {
  readonly numbers: ReadonlySet<number>;
  readonly subnets: readonly IpBlock[];
  /** Of nodes. */
  readonly nodeNumbers: ReadonlySet<number>;
  /** What is given of the space. */
  of(space: AddressSpace): AddressSpace | undefined;
  note(state: ClusterState, event: EventDraft): void;
  /** No block can be had of it. */
  isFull(space: AddressSpace): boolean;
  noteFull(space: AddressSpace): void;
  clear(): void;
}

export function createGiven(): Given {
  const numbers = new Set<number>();
  const subnets: IpBlock[] = [];
  const nodeNumbers = new Set<number>();
  const spaces = new Map<AddressSpace, HeldSpace>();
  const full = new Set<AddressSpace>();

  function own(space: AddressSpace): HeldSpace {
    const known = spaces.get(space);
    if (known) return known;
    const fresh = new HeldSpace(space.subnet);
    spaces.set(space, fresh);
    return fresh;
  }

  function noteVip(
    { networks }: ClusterState,
    { networkId, address }: NetworkAddress,
    serviceId: string,
  ): void {
    const found = findPlace(networks.get(networkId), address);
    if (found) own(found.space).takeVip(found.place, serviceId);
  }

  function noteBlock({ networks }: ClusterState, networkId: string, text: string, nodeId: string): void {
    const block = parseSubnet(text)!;
    for (const space of networks.get(networkId)?.spaces ?? []) {
      const span = spanIn(space.subnet, block);
      if (span) own(space).takeBlock(span, nodeId);
    }
  }

  /** A block that its node begins to use is nobody else's any more. */
  function noteAddress(
    { networks }: ClusterState,
    { networkId, address }: NetworkAddress,
    nodeId: string,
  ): void {
    const found = findPlace(networks.get(networkId), address);
    if (!found) return;
    const { space, place } = found;
    const block = space.blocksOf(nodeId).find(({ start, size }) => place >= start && place < start + size);
    if (block && !own(space).lastWithin(block)) own(space).takeBlock(block, nodeId);
  }

  return {
    numbers,
    subnets,
    nodeNumbers,
    of: (space) => spaces.get(space),
    isFull: (space) => full.has(space),
    noteFull: (space) => full.add(space),
    note(state, event) {
      switch (event.type) {
        case 'network.allocated':
          numbers.add(event.number);
          for (const { subnet } of event.subnets) subnets.push(parseSubnet(subnet)!);
          return;
        case 'service.allocated':
          for (const vip of event.addresses ?? []) noteVip(state, vip, event.serviceId);
          return;
        case 'node.allocated': {
          const { nodeId, number, blocks, tasks } = event;
          if (number !== undefined) nodeNumbers.add(number);
          for (const { networkId, block } of blocks) noteBlock(state, networkId, block, nodeId);
          for (const { addresses } of tasks)
            for (const address of addresses) noteAddress(state, address, nodeId);
        }
      }
    },
    clear() {
      numbers.clear();
      subnets.length = 0;
      nodeNumbers.clear();
      spaces.clear();
      full.clear();
    },
  };
}

/** What somebody holds or is given of the space; with `idleToo`, blocks that nobody uses as well. */
export function lastTaken(
  space: AddressSpace,
  given: readonly (AddressSpace | undefined)[],
  idleToo: boolean,
): LastWithin {
  return (span) => {
    let last = space.lastWithin(span, { idleToo });
    for (const other of given) last = laterOf(last, other?.lastWithin(span));
    return last;
  };
}

function laterOf(a: Span | undefined, b: Span | undefined): Span | undefined {
  if (!a || !b) return a ?? b;
  return a.start + a.size > b.start + b.size ? a : b;
}
