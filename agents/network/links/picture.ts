// What there is in one network namespace, as far as it is ours, in words that `ip` understands: two pictures that are equal
// are the same lines.

export interface Link {
  /** veth, vxlan; empty where it is nobody's business (lo). */
  readonly kind: string;
  /** What can only be had by making it anew. */
  readonly detail: string;
  readonly mtu: number | undefined;
  readonly mac: string | undefined;
  /** Whom it is for, for people and for whoever adopts it. */
  readonly alias: string;
  readonly isUp: boolean;
}

export interface Picture {
  readonly links: ReadonlyMap<string, Link>;
  /** `10.0.3.7/32 dev eth0` */
  readonly addresses: ReadonlySet<string>;
  /** `10.0.3.64/26 via 169.254.128.2 dev vx0 onlink` */
  readonly routes: ReadonlySet<string>;
  /** `169.254.128.2 lladdr 02:… dev vx0` */
  readonly neighbours: ReadonlySet<string>;
  /** `pref 1000 fwmark 0x2 lookup 100002` */
  readonly rules: ReadonlySet<string>;
  /** The same of IPv6: nothing in a line says of which they are. */
  readonly rules6: ReadonlySet<string>;
  /** `02:… dev vx0 dst 10.90.0.2`: what the overlay's device sends where. */
  readonly forwarding: ReadonlySet<string>;
}

export const loopback: Link = {
  kind: '',
  detail: '',
  mtu: undefined,
  mac: undefined,
  alias: '',
  isUp: true,
};

/** What a namespace has when it is new. */
export const emptyPicture: Picture = {
  links: new Map([['lo', { ...loopback, isUp: false }]]),
  addresses: new Set(),
  routes: new Set(),
  neighbours: new Set(),
  rules: new Set(),
  rules6: new Set(),
  forwarding: new Set(),
};

/** The same without some links and what goes with a link. */
export function withoutLinks(picture: Picture, gone: ReadonlySet<string>): Picture {
  const stays = (line: string) => !gone.has(deviceOf(line));
  return {
    links: new Map([...picture.links].filter(([name]) => !gone.has(name))),
    addresses: filterSet(picture.addresses, stays),
    routes: filterSet(picture.routes, stays),
    neighbours: filterSet(picture.neighbours, stays),
    rules: picture.rules,
    rules6: picture.rules6,
    forwarding: filterSet(picture.forwarding, stays),
  };
}

/** What goes over links, of one family or of several. */
export type Ways = Pick<Picture, 'addresses' | 'neighbours' | 'routes' | 'rules'>;

export function joinWays(ways: Ways, ways6: Ways): Omit<Picture, 'links' | 'forwarding'> {
  return {
    addresses: new Set([...ways.addresses, ...ways6.addresses]),
    neighbours: new Set([...ways.neighbours, ...ways6.neighbours]),
    routes: new Set([...ways.routes, ...ways6.routes]),
    rules: ways.rules,
    rules6: ways6.rules,
  };
}

export function deviceOf(line: string): string {
  return / dev (\S+)/.exec(line)?.[1] ?? '';
}

function filterSet(lines: ReadonlySet<string>, stays: (line: string) => boolean): ReadonlySet<string> {
  return new Set([...lines].filter(stays));
}
