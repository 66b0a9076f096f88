// A network gets a number that no other has, and subnets that overlap no other's: those that it asks for, or the next free one of
// the pools. The number is one of the first free ones, by the network's id, so that two allocators seldom want the same; its
// subnet is looked for from the place in the pool that the number says.
import type { EventDraft, Subnet } from '@muster/events';
import {
  type AddressPools,
  addressAt,
  blockAt,
  blocksOverlap,
  countAddresses,
  DEFAULT_ADDRESS_POOLS,
  formatAddress,
  formatBlock,
  type IpamConfig,
  type IpBlock,
  isDualStack,
  type NetworkSpec,
  offsetOfText,
  parseSubnet,
  twinOf,
} from '@muster/model';
import type { ClusterState, Network, Span } from '@muster/state';
import { findSpan } from './find-span.ts';
import type { Given } from './given.ts';
import { placeOf } from './place-of.ts';
import { sortConfigs } from './sort-configs.ts';

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
  const chosen: { readonly subnet: IpBlock; readonly config: IpamConfig | undefined }[] = [];
  for (const wish of listWishes(spec)) {
    const config = wish.config;
    const found = config
      ? takeGiven(parseSubnet(config.subnet)!, taken)
      : wish.is === 4
        ? takeNext(pools, number, taken)
        : takeLocal(state.cluster?.id ?? '', number, taken);
    if (typeof found === 'string')
      return found === failure
        ? undefined
        : { type: 'network.allocation_failed', cause, networkId, message: found };
    chosen.push({ subnet: found, config });
    taken.push({ subnet: found, by: spec.name });
  }
  const subnets: Subnet[] = [];
  for (const { subnet, config } of chosen) {
    const text = formatBlock(subnet);
    const own = subnet.bits === 32 ? firstFree(subnet, Object.values(config?.auxAddresses ?? {})) : undefined;
    // The first of IPv4 is there before it.
    subnets.push({ subnet: text, gateway: config?.gateway ?? own ?? twinOf(text, subnets[0]!.gateway) });
  }
  return { type: 'network.allocated', cause, networkId, number, subnets };
}

interface Wish {
  readonly is: 4 | 6;
  /** What was asked for; any that is free without it. */
  readonly config: IpamConfig | undefined;
}

/** IPv4 first: addresses are given of it, and those of IPv6 follow. */
function listWishes(spec: NetworkSpec): Wish[] {
  const { configs4, config6 } = sortConfigs(spec);
  const wishes = (configs4.length > 0 ? configs4 : [undefined]).map((config): Wish => ({ is: 4, config }));
  return isDualStack(spec) ? [...wishes, { is: 6, config: config6 }] : wishes;
}

/** What others have; and what those ask for that have their turn before it, or that care which one they get. */
function listTaken({ networks }: ClusterState, { id, createdSeq, spec: { ipam } }: Network): Taken[] {
  const taken: Taken[] = [];
  for (const other of networks.values()) {
    if (other.id === id) continue;
    const by = `network ${other.spec.name}`;
    taken.push(...other.ranges.map((subnet) => ({ subnet, by })));
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

/** How many networks of a cluster have one that nobody asked for. */
const LOCAL_SUBNETS = 2 ** 16;

/** RFC 4193: the cluster's own 48 bits, by its id, and 16 of the network's, by its number. */
function takeLocal(clusterId: string, number: number, taken: readonly Taken[]): IpBlock | string {
  const own = (0xfdn << 120n) | (BigInt(placeOf(2 ** 40, 'subnet6', clusterId)) << 80n);
  for (let tried = 0; tried < LOCAL_SUBNETS; tried += 1) {
    const value = own | (BigInt((number + tried) % LOCAL_SUBNETS) << 64n);
    const subnet: IpBlock = { bits: 128, value, prefix: 64 };
    if (!taken.some((held) => blocksOverlap(held.subnet, subnet))) return subnet;
  }
  return `no subnet of IPv6 is free: networks have all of ${formatBlock({ bits: 128, value: own, prefix: 48 })}; say a --subnet`;
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
