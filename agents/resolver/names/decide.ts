// The answer to a question: what is asked, by whom, and what the agent has told. Pure.
import {
  type Addresses,
  type Asker,
  type Directory,
  isWithinNetworks,
  lowerCase,
  type NamedNetwork,
} from './directory.ts';
import { readReverse } from './reverse.ts';

export interface Question {
  readonly name: string;
  /** As `dns-packet` writes types: A, AAAA, PTR. */
  readonly type: string;
}

export type Verdict =
  /** To be told beginning with the one at `from`. */
  | { readonly is: 'addresses'; readonly addresses: readonly string[]; readonly from: number }
  | { readonly is: 'host'; readonly host: string }
  /** The name exists, and has nothing of what is asked for. */
  | { readonly is: 'nothing' }
  | { readonly is: 'no-such-name' }
  /** Nobody that muster has given an address. */
  | { readonly is: 'stranger' }
  /** It may be a name of a network that the agent has not told yet. */
  | { readonly is: 'not-told' }
  | { readonly is: 'forward'; readonly nameservers: readonly string[] | undefined };

const nothing: Verdict = { is: 'nothing' };
const noSuchName: Verdict = { is: 'no-such-name' };
const stranger: Verdict = { is: 'stranger' };
const notTold: Verdict = { is: 'not-told' };

/** `turn`, from 0 to below 1, says with which of several addresses the answer begins. */
export function decide(question: Question, from: string, directory: Directory, turn: number): Verdict {
  const asker = directory.askers.get(from);
  if (!asker) return stranger;
  const networks = asker.networks
    .map((id) => directory.networks.get(id))
    .filter((network) => network !== undefined);
  const name = lowerCase(question.name);
  const found = findName(name, networks);
  if (found) return tellAddresses(question.type, found, turn);
  const reversed = readReverse(name);
  if (reversed !== undefined) {
    const host = findHost(reversed, networks);
    if (host !== undefined) return isAskedFor(question.type, 'PTR') ? { is: 'host', host } : nothing;
  }
  if (networks.length < asker.networks.length) return notTold;
  const isOurs =
    /^tasks\.[^.]+$/.test(name) || (reversed !== undefined && isWithinNetworks(directory, reversed));
  return isOurs ? noSuchName : askElsewhere(asker, networks);
}

/** The first network that has an address for it; of a name that has none anywhere, that it has none. */
function findName(name: string, networks: readonly NamedNetwork[]): Addresses | undefined {
  let without: Addresses | undefined;
  for (const network of networks) {
    const found = network.names.get(name) ?? network.names.get(beforeNetwork(name, network));
    if (found && found.v4.length + found.v6.length > 0) return found;
    without ??= found;
  }
  return without;
}

/** "web" of "web.backend" on a network that is called backend; else the empty name, which nobody has. */
function beforeNetwork(name: string, network: NamedNetwork): string {
  const suffix = network.name;
  if (suffix === undefined || !name.endsWith(suffix)) return '';
  return name.charAt(name.length - suffix.length - 1) === '.' ? name.slice(0, -suffix.length - 1) : '';
}

function tellAddresses(type: string, { v4, v6 }: Addresses, turn: number): Verdict {
  const addresses = type === 'AAAA' ? v6 : isAskedFor(type, 'A') ? v4 : [];
  if (addresses.length === 0) return nothing;
  return { is: 'addresses', addresses, from: Math.floor(turn * addresses.length) };
}

/** Whoever asks for anything gets what everybody asks for (RFC 8482). */
function isAskedFor(type: string, what: string): boolean {
  return type === what || type === 'ANY';
}

function findHost(address: string, networks: readonly NamedNetwork[]): string | undefined {
  for (const { hosts, name } of networks) {
    const host = hosts.get(address);
    if (host !== undefined) return name === undefined ? host : `${host}.${name}`;
  }
  return undefined;
}

/** Who is on internal networks alone has no way out, by name either; a search list goes on after "no such name". */
function askElsewhere({ nameservers }: Asker, networks: readonly NamedNetwork[]): Verdict {
  const isInside = networks.length > 0 && networks.every(({ internal }) => internal);
  return isInside ? noSuchName : { is: 'forward', nameservers };
}
