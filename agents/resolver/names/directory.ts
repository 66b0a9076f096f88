// What is known, as it is looked up in: by name in lower case, by address, by who asks. Pure.
import { isIP, SocketAddress } from 'node:net';
import { addressWithin, type IpBlock, parseAddress } from '@muster/model';

export interface Addresses {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

export interface NamedNetwork {
  readonly id: string;
  /** In lower case. */
  readonly name: string | undefined;
  readonly internal: boolean;
  readonly subnets: readonly IpBlock[];
  readonly names: ReadonlyMap<string, Addresses>;
  readonly hosts: ReadonlyMap<string, string>;
}

export interface Asker {
  readonly networks: readonly string[];
  readonly nameservers: readonly string[] | undefined;
}

export interface Directory {
  readonly networks: ReadonlyMap<string, NamedNetwork>;
  readonly askers: ReadonlyMap<string, Asker>;
}

export const emptyDirectory: Directory = { networks: new Map(), askers: new Map() };

/** As a socket writes who has sent something. */
export function canonicalAddress(text: string): string {
  return isIP(text) === 6 ? new SocketAddress({ address: text, family: 'ipv6' }).address : text;
}

/** Names are equal without regard to the case of ASCII letters, and of no others (RFC 4343). */
export function lowerCase(name: string): string {
  return /[A-Z]/.test(name) ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
}

/** The address is one that muster gives out. */
export function isWithinNetworks(directory: Directory, text: string): boolean {
  const address = parseAddress(text);
  if (!address) return false;
  for (const { subnets } of directory.networks.values())
    if (subnets.some((block) => addressWithin(address, block))) return true;
  return false;
}
