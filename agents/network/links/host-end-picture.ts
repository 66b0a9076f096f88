// The host's end of the veth to the router: of all else that is there, nothing is ours.
import type { UplinkAddresses } from '../router-names.ts';
import { emptyPicture, loopback, type Picture } from './picture.ts';

export function drawHostEnd(name: string, mtu: number, { host }: UplinkAddresses): Picture {
  return {
    ...emptyPicture,
    links: new Map([[name, { ...loopback, kind: 'veth', mtu }]]),
    addresses: new Set([`${host}/30 dev ${name}`]),
  };
}

export function cutHostEnd({ links, addresses }: Picture, name: string): Picture {
  return {
    ...emptyPicture,
    links: new Map([...links].filter(([link]) => link === name)),
    addresses: new Set([...addresses].filter((line) => line.endsWith(` dev ${name}`))),
  };
}
