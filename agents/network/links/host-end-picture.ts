// The host's end of the veth to the router: of all else that is there, nothing is ours.
import { type Family, IPV4, IPV6, UPLINK_MACS } from '../addressing.ts';
import type { UplinkAddresses } from '../router-names.ts';
import { emptyPicture, joinWays, loopback, type Picture, type Ways } from './picture.ts';
import type { Underlay } from './router-picture.ts';

export function drawHostEnd(name: string, { mtu, uplink, uplink6 }: Underlay): Picture {
  return {
    ...emptyPicture,
    links: new Map([[name, { ...loopback, kind: 'veth', mtu, mac: UPLINK_MACS.host }]]),
    ...joinWays(drawWays(uplink, IPV4, name), drawWays(uplink6, IPV6, name)),
  };
}

function drawWays(uplink: UplinkAddresses, { uplinkPrefix }: Family, name: string): Ways {
  return {
    ...emptyPicture,
    addresses: new Set([`${uplink.host}/${uplinkPrefix} dev ${name}`]),
    neighbours: new Set([`${uplink.router} lladdr ${UPLINK_MACS.router} dev ${name}`]),
  };
}

export function cutHostEnd({ links, addresses, neighbours }: Picture, name: string): Picture {
  return {
    ...emptyPicture,
    links: new Map([...links].filter(([link]) => link === name)),
    addresses: new Set([...addresses].filter((line) => line.endsWith(` dev ${name}`))),
    neighbours,
  };
}
