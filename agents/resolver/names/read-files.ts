// From the text of a file to what is looked up in, in steps: ten thousand names take longer than a question may wait.
import { parseBlock } from '@muster/model';
import { z } from 'zod';
import { type Addresses, type Asker, canonicalAddress, lowerCase, type NamedNetwork } from './directory.ts';
import { askersSchema, familyOf, isHostName, NAMES_VERSION, networkNamesSchema } from './forms.ts';

/** What may be long is only seen to be a map here, and looked at entry by entry below. */
const map = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'not a map',
);
const networkFrame = networkNamesSchema.extend({ names: map, hosts: map.default({}) });

/** Entries of a step: about half a millisecond. */
const STEP = 500;

export function* readNetwork(text: string, id: string): Generator<void, NamedNetwork> {
  const table = check(networkFrame, text);
  if (table.network !== id) throw new Error(`it is about network ${table.network}`);
  const names = new Map<string, Addresses>();
  for (const [name, addresses] of Object.entries(table.names)) {
    if (names.size % STEP === 0) yield;
    if (!isHostName(name)) throw new Error(`names: "${name}" is not a name`);
    const found = splitFamilies(addresses);
    if (!found) throw new Error(`names: what "${name}" has is no list of IP addresses`);
    names.set(lowerCase(name), found);
  }
  const hosts = new Map<string, string>();
  for (const [address, host] of Object.entries(table.hosts)) {
    if (hosts.size % STEP === 0) yield;
    const family = familyOf(address);
    if (family === 0) throw new Error(`hosts: "${address}" is not an IP address`);
    if (typeof host !== 'string' || !isHostName(host)) throw new Error(`hosts: ${address} has no name`);
    hosts.set(family === 4 ? address : canonicalAddress(address), host);
  }
  return {
    id,
    name: table.name === undefined ? undefined : lowerCase(table.name),
    internal: table.internal,
    subnets: table.subnets.map((block) => parseBlock(block)!),
    names,
    hosts,
  };
}

export function* readAskers(text: string): Generator<void, Map<string, Asker>> {
  const table = check(askersSchema, text);
  const askers = new Map<string, Asker>();
  for (const [address, { networks, nameservers }] of Object.entries(table.askers)) {
    if (askers.size % STEP === 0) yield;
    askers.set(canonicalAddress(address), { networks, nameservers });
  }
  return askers;
}

function check<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  const value: unknown = JSON.parse(text);
  const version = z.object({ v: z.number() }).safeParse(value).data?.v;
  if (version !== undefined && version !== NAMES_VERSION)
    throw new Error(`it is of version ${version}, and this build reads ${NAMES_VERSION}`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error).split('\n').slice(0, 3).join(' '));
  return parsed.data;
}

/** Each address is looked at once: there may be ten thousand of them, and somebody waits for the news. */
function splitFamilies(addresses: unknown): Addresses | undefined {
  if (!Array.isArray(addresses)) return undefined;
  const found = { v4: [] as string[], v6: [] as string[] };
  for (const address of addresses) {
    const family = familyOf(address);
    if (family === 0) return undefined;
    if (family === 4) found.v4.push(address);
    else found.v6.push(canonicalAddress(address));
  }
  return found;
}
