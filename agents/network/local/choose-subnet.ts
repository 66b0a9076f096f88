// A /24 for the hosts of one machine: the one that they have, or the first that nothing on this machine leads to.
import { askIp } from '../kernel/read-picture.ts';
import { listMachineAddresses } from '../links/parse-picture.ts';
import type { LocalNames } from './local-names.ts';

/** Of 198.18.0.0/15, which is for tests between devices (RFC 2544), and which nobody in the world has. */
const SUBNETS = 512;

/** The first three bytes of its addresses. */
export async function chooseSubnet({ link, slot }: Pick<LocalNames, 'link' | 'slot'>): Promise<string> {
  const [addresses, routes] = await askIp(undefined, ['address show', 'route show table all']);
  const own = listMachineAddresses(addresses!).find((one) => one.link === link && isOurs(one.address));
  if (own !== undefined) return own.address.split('.').slice(0, 3).join('.');
  const taken = (routes as { readonly dst: string }[]).map(({ dst }) => dst);
  return pickSubnet(slot, taken);
}

export function pickSubnet(slot: number, taken: readonly string[]): string {
  const ranges = taken.flatMap(readRange);
  for (let tried = 0; tried < SUBNETS; tried += 1) {
    const at = (slot + tried) % SUBNETS;
    const subnet = `198.${18 + (at >> 8)}.${at & 255}`;
    const first = toNumber(`${subnet}.0`);
    if (!ranges.some((range) => range.first <= first + 255 && range.last >= first)) return subnet;
  }
  throw new Error('no subnet of 198.18.0.0/15 is free on this machine, for the addresses of several nodes');
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Of a route; of one to everywhere, none. */
function readRange(destination: string): Range[] {
  const [address, prefix = '32'] = destination.split('/');
  if (!/^[\d.]+$/.test(address!) || Number(prefix) < 8) return [];
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(toNumber(address!) / size) * size;
  return [{ first, last: first + size - 1 }];
}

function isOurs(address: string): boolean {
  return /^198\.1[89]\./.test(address);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}
