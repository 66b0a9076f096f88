// A network gets a number that no other has, and subnets that overlap no other's: those that it asks for, or the next free one of
// the pools. The number is one of the first free ones, by the network's id, so that two allocators seldom want the same; its
// subnet is looked for from the place in the pool that the number says.
import type { EventDraft } from '@muster/events';
import {
  type AddressPools,
  addressAt,
  blockAt,
  blocksOverlap,
  countAddresses,
  DEFAULT_ADDRESS_POOLS,
  formatAddress,
  formatBlock,
  type IpBlock,
  offsetOfText,
  parseSubnet,
} from '@muster/model';
import type { ClusterState, Network, Span } from '@muster/state';
import { findSpan } from './find-span.ts';
import type { Given } from './given.ts';
import { placeOf } from './place-of.ts';

/** Among how many free numbers one is chosen. */
const SPREAD = 16;

interface Taken {
  readonly subnet: IpBlock;
  readonly by: string;
}

/** Undefined when there is nothing to say that was not said. */
export function allocateNetwork(
  state: ClusterState,
  network: Network,
  given: Pick<Given, 'numbers' | 'subnets'>,
): EventDraft | undefined {
  const { id: networkId, createdSeq: cause, spec, failure } = network;
  const taken = listTaken(state, network);
  for (const subnet of given.subnets) taken.push({ subnet, by: 'another network' });
  const pools = state.addressPools ?? DEFAULT_ADDRESS_POOLS;
  const number = pickNumber(state, networkId, given.numbers);
  const { configs } = spec.ipam;
  const chosen: IpBlock[] = [];
  for (const config of configs.length > 0 ? configs : [undefined]) {
    const found = config ? takeGiven(parseSubnet(config.subnet)!, taken) : takeNext(pools, number, taken);
    if (typeof found === 'string')
      return found === failure
        ? undefined
        : { type: 'network.allocation_failed', cause, networkId, message: found };
    chosen.push(found);
    taken.push({ subnet: found, by: spec.name });
  }
  const subnets = chosen.map((subnet, index) => ({
    subnet: formatBlock(subnet),
    gateway: configs[index]?.gateway ?? firstFree(subnet, Object.values(configs[index]?.auxAddresses ?? {})),
  }));
  return { type: 'network.allocated', cause, networkId, number, subnets };
}

/** What others have; and what those ask for that have their turn before it, or that care which one they get. */
function listTaken({ networks }: ClusterState, { id, createdSeq, spec: { ipam } }: Network): Taken[] {
  const taken: Taken[] = [];
  for (const other of networks.values()) {
    if (other.id === id) continue;
    const by = `network ${other.spec.name}`;
    taken.push(...other.spaces.map(({ subnet }) => ({ subnet, by })));
    const isWaiting = other.spaces.length === 0 && other.failure === '' && !other.removed;
    if (!isWaiting || (ipam.configs.length > 0 && other.createdSeq > createdSeq)) continue;
    for (const { subnet } of other.spec.ipam.configs) taken.push({ subnet: parseSubnet(subnet)!, by });
  }
  return taken;
}

function pickNumber({ networks }: ClusterState, networkId: string, given: ReadonlySet<number>): number {
  const used = new Set(given);
  for (const { number } of networks.values()) if (number !== undefined) used.add(number);
  let number = 0;
  for (let left = placeOf(SPREAD, 'number', networkId); left >= 0; left -= 1) {
    do number += 1;
    while (used.has(number));
  }
  return number;
}

function takeGiven(subnet: IpBlock, taken: readonly Taken[]): IpBlock | string {
  const other = taken.find((held) => blocksOverlap(held.subnet, subnet));
  if (!other) return subnet;
  // Docker's words, and whose it is.
  return `Pool overlaps with other one on this address space: ${formatBlock(subnet)} and ${formatBlock(other.subnet)} of ${other.by}`;
}

function takeNext(
  { pools, prefix }: AddressPools,
  number: number,
  taken: readonly Taken[],
): IpBlock | string {
  for (const subnet of pools) {
    const pool = parseSubnet(subnet)!;
    const size = countAddresses({ ...pool, prefix });
    const end = countAddresses(pool);
    const found = findSpan(size, { first: 0, end }, (number * size) % end, (span) =>
      lastOverlap(pool, span, taken),
    );
    if (found) return blockAt(pool, found.start, size);
  }
  return `no subnet is free: networks have all of ${pools.join(', ')}; remove one that nobody needs, say a --subnet, or give the cluster another pool: muster cluster update --default-addr-pool`;
}

function lastOverlap(pool: IpBlock, { start, size }: Span, taken: readonly Taken[]): Span | undefined {
  const candidate = blockAt(pool, start, size);
  let last: Span | undefined;
  for (const { subnet } of taken) {
    if (!blocksOverlap(candidate, subnet)) continue;
    const end = Math.max(start + size, endIn(pool, subnet));
    if (!last || end > last.start + last.size) last = { start, size: end - start };
  }
  return last;
}

/** Where the subnet ends, by the pool's places. */
function endIn(pool: IpBlock, subnet: IpBlock): number {
  return Number(subnet.value - pool.value) + countAddresses(subnet);
}

function firstFree(subnet: IpBlock, aux: readonly string[]): string {
  const kept = new Set(aux.map((text) => offsetOfText(subnet, text)));
  let place = Math.min(1, countAddresses(subnet) - 1);
  while (kept.has(place)) place += 1;
  return formatAddress(addressAt(subnet, place));
}
