// What this machine is to the router: the network that its node's address is in, and a way between the two.
import { listMachineAddresses } from '../links/parse-picture.ts';
import type { Underlay } from '../links/router-picture.ts';
import { pickUplink, type RouterNames } from '../router-names.ts';
import { askIp } from './read-picture.ts';
import type { Netns } from './run.ts';

/** Of a veth; the loopback's is larger. */
const LARGEST_MTU = 65_535;

export interface Host extends Underlay {
  /** Of both families, but for those of the loopback and the uplink. */
  readonly addresses: readonly string[];
}

export async function lookAtHost(host: Netns, names: RouterNames, underlay: string): Promise<Host> {
  const [said] = await askIp(host, ['address show']);
  const others = listMachineAddresses(said!).filter(({ link }) => link !== names.uplink);
  const own = others.find(({ address }) => address === underlay);
  if (own === undefined)
    throw new Error(`this machine has no address ${underlay}, by which other nodes are to reach it`);
  const taken = new Set(others.map(({ address }) => address));
  return {
    mtu: Math.min(own.mtu, LARGEST_MTU),
    vni: names.vni,
    uplink: pickUplink(names.uplinkSlot, (address) => taken.has(address)),
    uplink6: names.uplink6,
    addresses: [...taken].filter((address) => !address.startsWith('127.') && address !== '::1').sort(),
  };
}
