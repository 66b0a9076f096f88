// The lists of servers, domains and hosts of a service: docker's rules (cli/command/service: opts.go, update.go).
import { checkNameserver, checkSearchDomain, parseExtraHost, type Read, splitHosts } from '@muster/model';
import { InvalidArgumentError } from 'commander';
import type { ListFlag } from './spec-flags.ts';
import { type Parse, textValue } from './values.ts';

const container = ['taskTemplate', 'containerSpec'];

function checking(check: (text: string) => string | undefined): Parse<string> {
  return (text) => {
    const trimmed = text.trim();
    const wrong = check(trimmed);
    if (wrong !== undefined) throw new InvalidArgumentError(`${wrong}.`);
    return trimmed;
  };
}

const hostValue: Parse<string> = (text) => {
  const read: Read<string> = parseExtraHost(text);
  if (typeof read !== 'string') throw new InvalidArgumentError(`${read.error}.`);
  return read;
};

interface HostRemoval {
  readonly name: string;
  /** Any when left out. */
  readonly address?: string;
}

const hostRemoval: Parse<HostRemoval> = (text) => {
  const at = text.indexOf(':');
  return at < 0 ? { name: text } : { name: text.slice(0, at), address: text.slice(at + 1) };
};

/** A name goes from the lines that have it, and a line with its last name. */
function removeHost(line: string, { name, address }: HostRemoval): string | undefined {
  const { address: own, names } = splitHosts(line);
  if (address !== undefined && address !== own) return line;
  const left = names.filter((other) => other !== name);
  return left.length === 0 ? undefined : [own, ...left].join(' ');
}

const itself = (item: string) => item;

function dnsList(
  name: string,
  value: string,
  description: string,
  field: string,
  parse: Parse<unknown>,
): ListFlag {
  const path = [...container, 'dnsConfig', field];
  return { name, value, description, path, parse, keyOf: itself, lastWins: true, sorted: true };
}

export const nameLists: readonly ListFlag[] = [
  dnsList('dns', 'ADDRESS', 'server that is asked for names', 'nameservers', checking(checkNameserver)),
  dnsList('dns-search', 'DOMAIN', 'domain to look for names in', 'search', checking(checkSearchDomain)),
  dnsList('dns-option', 'OPTION', 'option of the resolver', 'options', textValue),
  {
    name: 'host',
    value: 'HOST:IP',
    description: 'name of a host and its address',
    path: [...container, 'hosts'],
    parse: hostValue,
    keyOf: itself,
    lastWins: true,
    parseRemoval: hostRemoval,
    removeFrom: removeHost,
  },
];
