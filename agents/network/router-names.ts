// What a node's router is called on its machine. By cluster and node, so that several of them, of whatever cluster, share
// a machine; and short, as a link's name has fifteen characters.
import { sha256 } from '@muster/digests';
import { formatAddress, parseAddress } from '@muster/model';

export interface RouterNames {
  /** In the names of all that is on the host. */
  readonly tag: string;
  readonly netns: string;
  readonly netnsPath: string;
  /** The host's end of the veth to the router. */
  readonly uplink: string;
  /** The host's table of rules. */
  readonly hostTable: string;
  /** The cluster's, on the wire. */
  readonly vni: number;
  /** Where to begin to look for a free pair of addresses for the uplink. */
  readonly uplinkSlot: number;
  /** In IPv6 there is room for a pair of each. */
  readonly uplink6: UplinkAddresses;
}

const UPLINK_SLOTS = 126 * 64;
/** As other addresses for our own use are (addressing.ts). */
const UPLINKS6 = 'fd6d:7573:7465:7202';

export function nameRouter(clusterId: string, nodeId: string): RouterNames {
  const hash = sha256(`${clusterId}/${nodeId}`);
  const tag = hash.slice(0, 8);
  return {
    tag,
    netns: `muster-${tag}`,
    netnsPath: `/run/netns/muster-${tag}`,
    uplink: `muster${tag}`,
    hostTable: `muster_${tag}`,
    vni: 1 + (Number.parseInt(sha256(clusterId).slice(0, 8), 16) % 0xff_fffe),
    uplink6: { host: uplinkAddress6(tag, 1), router: uplinkAddress6(tag, 2) },
    uplinkSlot: Number.parseInt(hash.slice(8, 16), 16) % UPLINK_SLOTS,
  };
}

/** Both ends of the uplink, which only this machine knows. */
export interface UplinkAddresses {
  readonly host: string;
  readonly router: string;
}

/**
 * The first pair from the slot on that nobody else on this machine has. What clouds answer at 169.254.169.254 is out of
 * reach of every slot.
 */
export function pickUplink(slot: number, taken: (address: string) => boolean): UplinkAddresses {
  for (let tried = 0; tried < UPLINK_SLOTS; tried += 1) {
    const addresses = uplinkOfSlot((slot + tried) % UPLINK_SLOTS);
    if (!taken(addresses.host)) return addresses;
  }
  throw new Error('no link-local address is free on this machine');
}

function uplinkAddress6(tag: string, end: number): string {
  const groups = [tag.slice(0, 4), tag.slice(4)].map((group) => Number.parseInt(group, 16).toString(16));
  return formatAddress(parseAddress(`${UPLINKS6}:${groups.join(':')}:0:${end}`)!);
}

function uplinkOfSlot(slot: number): UplinkAddresses {
  const prefix = `169.254.${2 + (slot >> 6)}`;
  const first = (slot & 63) * 4;
  return { host: `${prefix}.${first + 1}`, router: `${prefix}.${first + 2}` };
}
