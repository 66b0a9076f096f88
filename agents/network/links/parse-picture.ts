// From what `ip -j -d` and `bridge -j` say to a picture.
import { isIpv6Text } from '@muster/model';
import { ROUTE_PROTOCOL } from '../addressing.ts';
import type { Link, Picture } from './picture.ts';

/** In this order, for `ip -j -d -batch`, which answers with a line for each. */
export const QUESTIONS = [
  'address show',
  'neighbour show nud permanent',
  'route show table all',
  'rule show',
];

/** For `ip -6`: of all this, what `ip` says of IPv4 alone unless it is told. */
export const QUESTIONS6 = ['rule show'];

interface SaidLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address?: string;
  readonly ifalias?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: SaidVxlan };
  readonly addr_info?: readonly {
    readonly local: string;
    readonly prefixlen: number;
  }[];
}

interface SaidVxlan {
  readonly id?: number;
  readonly local?: string;
  readonly port?: number;
}

interface SaidRoute {
  readonly type: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table?: string;
  readonly protocol?: string;
  readonly prefsrc?: string;
  readonly flags?: readonly string[];
}

interface SaidRule {
  readonly priority: number;
  readonly src: string;
  readonly fwmark?: string;
  readonly fwmask?: string;
  readonly table?: string;
  readonly protocol?: string;
}

interface SaidNeighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
}

interface SaidForwarding {
  readonly mac: string;
  readonly dst?: string;
}

/** Of the links that `isOurs` names and lo. A namespace that others use has links that nobody here looks at. */
export function parsePicture(
  answers: readonly (readonly unknown[])[],
  answers6: readonly (readonly unknown[])[],
  forwarding: readonly unknown[],
  isOurs: (link: string) => boolean,
): Picture {
  const [said, neighbours, routes, rules] = answers as [SaidLink[], SaidNeighbour[], SaidRoute[], SaidRule[]];
  const [rules6 = []] = answers6 as [SaidRule[]?];
  const links = said.filter(({ ifname }) => ifname === 'lo' || isOurs(ifname));
  return {
    links: new Map(links.map((link) => [link.ifname, parseLink(link)])),
    addresses: new Set(links.flatMap(listAddresses)),
    neighbours: new Set(
      neighbours
        .filter(({ dev }) => isOurs(dev))
        .map(({ dst, lladdr, dev }) => `${dst} lladdr ${lladdr} dev ${dev}`),
    ),
    routes: new Set(
      routes
        .filter(({ protocol, dev, type }) => {
          const isSomewhere = dev !== undefined && type === 'unicast';
          return protocol === ROUTE_PROTOCOL && (!isSomewhere || isOurs(dev));
        })
        .map(sayRoute),
    ),
    rules: parseRules(rules),
    rules6: parseRules(rules6),
    forwarding: new Set(
      (forwarding as SaidForwarding[]).flatMap(({ mac, dst }) => (dst ? [`${mac} dev vx0 dst ${dst}`] : [])),
    ),
  };
}

function parseRules(rules: readonly SaidRule[]): ReadonlySet<string> {
  return new Set(rules.filter(({ protocol }) => protocol === ROUTE_PROTOCOL).map(sayRule));
}

/** Every address of a machine that others may reach, with the link that has it. */
export function listMachineAddresses(
  said: readonly unknown[],
): { readonly address: string; readonly link: string; readonly mtu: number }[] {
  return (said as SaidLink[]).flatMap(({ ifname, mtu, addr_info = [] }) =>
    addr_info
      .filter(({ local }) => !isOfOneLink(local))
      .map(({ local }) => ({ address: local, link: ifname, mtu })),
  );
}

function parseLink({ ifname, flags, mtu, address, ifalias, linkinfo }: SaidLink): Link {
  const isLoopback = ifname === 'lo';
  return {
    kind: linkinfo?.info_kind ?? '',
    detail: linkinfo?.info_kind === 'vxlan' ? sayVxlan(linkinfo.info_data ?? {}) : '',
    mtu: isLoopback ? undefined : mtu,
    mac: isLoopback ? undefined : address,
    alias: ifalias ?? '',
    isUp: flags.includes('UP'),
  };
}

export function sayVxlan({ id, local, port }: SaidVxlan): string {
  return `id ${id} local ${local} dstport ${port}`;
}

/** Loopback's own is everybody's. */
function listAddresses({ ifname, addr_info = [] }: SaidLink): string[] {
  return addr_info
    .filter(({ local }) => local !== '127.0.0.1' && local !== '::1' && !isOfOneLink(local))
    .map(({ local, prefixlen }) => `${local}/${prefixlen} dev ${ifname}`);
}

/** The kernel gives a link one of its own in IPv6, which nothing here has a use for. */
function isOfOneLink(address: string): boolean {
  return /^fe[89ab]/.test(address);
}

function sayRoute({ type, dst, gateway, dev, table, prefsrc, flags = [] }: SaidRoute): string {
  const words = [
    ...(type === 'unicast' ? [] : [type]),
    dst === 'default' || dst.includes('/') ? dst : `${dst}/${isIpv6Text(dst) ? 128 : 32}`,
    ...(gateway ? ['via', gateway] : []),
    ...(dev && type === 'unicast' ? ['dev', dev] : []),
    ...(flags.includes('onlink') ? ['onlink'] : []),
    ...(table === undefined || table === 'main' ? [] : ['table', table]),
    ...(prefsrc ? ['src', prefsrc] : []),
  ];
  return words.join(' ');
}

function sayRule({ priority, src, fwmark, fwmask, table }: SaidRule): string {
  const words = [
    `pref ${priority}`,
    ...(src === 'all' ? [] : [`from ${src}`]),
    ...(fwmark === undefined ? [] : [`fwmark ${fwmark}${fwmask === undefined ? '' : `/${fwmask}`}`]),
    `lookup ${table}`,
  ];
  return words.join(' ');
}
