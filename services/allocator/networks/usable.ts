// What of a subnet may be given away: not its first address and its last, its gateway, nor what the network's owner keeps for
// somebody else; and nothing outside of the range that was asked for. Blocks begin at one end of it and virtual addresses at the
// other, so that neither breaks up the room of the others before it has to.
import { findSubnet6, type IpamConfig, offsetOfText, parseSubnet, spanIn, twinIn } from '@muster/model';
import type { AddressSpace, Network, Span } from '@muster/state';
import type { Window } from './find-span.ts';
import { sortConfigs } from './sort-configs.ts';

export interface Usable {
  readonly whole: Window;
  readonly forBlocks: Window;
  readonly forVips: Window;
  /** How many addresses there are in all. */
  readonly count: number;
  isReserved(place: number): boolean;
  /** Whether nothing of it may be given to anybody. */
  isUseless(span: Span): boolean;
}

/** Of the network's subnet of that index. */
export function findUsable({ spec, subnets }: Network, { subnet }: AddressSpace, index: number): Usable {
  const { configs4, config6 } = sortConfigs(spec);
  const { ipRange, auxAddresses = {} } = configs4[index] ?? {};
  const size = 2 ** Math.min(32, subnet.bits - subnet.prefix);
  const range = ipRange === undefined ? undefined : spanIn(subnet, parseSubnet(ipRange)!);
  const { start: first, size: length } = range ?? { start: 0, size };
  const whole = { first, end: first + length };
  const reserved = new Set<number>();
  const texts = [subnets[index]?.gateway, ...Object.values(auxAddresses), ...listKept6(subnets, config6)];
  for (const text of texts) {
    const place = text === undefined ? undefined : offsetOfText(subnet, text);
    if (place !== undefined) reserved.add(place);
  }
  // A subnet of one or two has nothing else.
  if (size > 2) reserved.add(0).add(size - 1);
  const isWithin = (place: number, { first, end }: Window) => place >= first && place < end;
  const border = first + Math.ceil((3 * length) / 4);
  return {
    whole,
    forBlocks: { first, end: border },
    forVips: { first: border, end: whole.end },
    count: length - [...reserved].filter((place) => isWithin(place, whole)).length,
    isReserved: (place) => reserved.has(place),
    isUseless({ start, size }) {
      if (size > reserved.size) return false;
      for (let place = start; place < start + size; place += 1) if (!reserved.has(place)) return false;
      return true;
    },
  };
}

/** Of IPv4 those whose twins are somebody's. */
function listKept6(subnets: Network['subnets'], config6: IpamConfig | undefined): string[] {
  const found = findSubnet6(subnets);
  if (!found) return [];
  const kept = [found.gateway, ...Object.values(config6?.auxAddresses ?? {})];
  return kept.flatMap((text) => twinIn(found.subnet, text) ?? []);
}
