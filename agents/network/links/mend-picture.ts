// The lines that make one picture of the other. What has to be made anew is said apart: a link is born in another namespace
// than the one it is to be in.
import { isIpv6Text } from '@muster/model';
import { ROUTE_PROTOCOL } from '../addressing.ts';
import { deviceOf, type Link, type Picture, withoutLinks } from './picture.ts';

export interface WrongLinks {
  /** Are there, and are nobody's or not as they can be made by a change. */
  readonly surplus: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
}

export function findWrongLinks(is: Picture, should: Picture): WrongLinks {
  const surplus = [...is.links].filter(([name, link]) => !isSameLink(link, should.links.get(name)));
  const missing = [...should.links].filter(([name, link]) => !isSameLink(link, is.links.get(name)));
  return { surplus: new Set(surplus.map(([name]) => name)), missing: new Set(missing.map(([name]) => name)) };
}

function isSameLink(one: Link, other: Link | undefined): boolean {
  return (
    other !== undefined && one.kind === other.kind && one.detail === other.detail && one.alias === other.alias
  );
}

export interface Mending {
  /** For `ip -batch`. */
  readonly ip: readonly string[];
  /** For `ip -6 -batch`: what says nowhere that it is of IPv6. */
  readonly ip6: readonly string[];
  /** For `bridge -batch`. */
  readonly bridge: readonly string[];
}

/** Once every link is there and none is left over. */
export function mendPicture(before: Picture, should: Picture): Mending {
  const { surplus, missing } = findWrongLinks(before, should);
  const is = withoutLinks(before, new Set([...surplus, ...missing]));
  return {
    ip: [
      ...[...should.links].flatMap(([name, link]) => mendLink(name, is.links.get(name), link)),
      ...replace(is.addresses, should.addresses, (line) => line).flatMap(
        // Nobody else has it, so nobody is asked first.
        ({ verb, line }) =>
          `address ${verb} ${line}${verb === 'replace' && isIpv6Text(line) ? ' nodad' : ''}`,
      ),
      ...replace(is.neighbours, should.neighbours, (line) => `${firstWord(line)} ${deviceOf(line)}`).map(
        ({ verb, line }) => `neighbour ${verb} ${line} nud permanent`,
      ),
      ...replace(is.routes, should.routes, routeKey).map(
        ({ verb, line }) => `route ${verb} ${line} proto ${ROUTE_PROTOCOL}`,
      ),
      ...mendRules(is.rules, should.rules),
    ],
    ip6: mendRules(is.rules6, should.rules6),
    bridge: replace(is.forwarding, should.forwarding, (line) => `${firstWord(line)} ${deviceOf(line)}`).map(
      ({ verb, line }) => `fdb ${verb} ${line} self permanent`,
    ),
  };
}

function mendRules(is: ReadonlySet<string>, should: ReadonlySet<string>): string[] {
  return replace(is, should, (line) => line).map(
    ({ verb, line }) => `rule ${verb === 'del' ? verb : 'add'} ${line} protocol ${ROUTE_PROTOCOL}`,
  );
}

function mendLink(name: string, is: Link | undefined, should: Link): string[] {
  return [
    ...(should.mac !== undefined && is?.mac !== should.mac ? [`link set ${name} address ${should.mac}`] : []),
    ...(should.mtu !== undefined && is?.mtu !== should.mtu ? [`link set ${name} mtu ${should.mtu}`] : []),
    ...(is === undefined && should.alias !== '' ? [`link set ${name} alias "${should.alias}"`] : []),
    ...(should.isUp && is?.isUp !== true ? [`link set ${name} up`] : []),
  ];
}

/** What goes first makes room; what only changes is replaced at once, so that there is no moment without it. */
function replace(
  is: ReadonlySet<string>,
  should: ReadonlySet<string>,
  keyOf: (line: string) => string,
): { readonly verb: 'del' | 'replace'; readonly line: string }[] {
  const missing = [...should].filter((line) => !is.has(line));
  const changed = new Set(missing.map(keyOf));
  const surplus = [...is].filter((line) => !should.has(line) && !changed.has(keyOf(line)));
  return [
    ...surplus.map((line) => ({ verb: 'del' as const, line })),
    ...missing.map((line) => ({ verb: 'replace' as const, line })),
  ];
}

function routeKey(line: string): string {
  const [destination] = line.split(' ').filter((word) => word !== 'unreachable');
  return `${destination} ${/ table (\S+)/.exec(line)?.[1] ?? 'main'} ${isIpv6Text(line)}`;
}

function firstWord(line: string): string {
  return line.split(' ', 1)[0]!;
}
