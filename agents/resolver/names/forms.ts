// What the agent tells the resolver, as files in one folder, each written whole and put in place by a rename: one for each
// network, and one that says who asks from which address. The agent owns them; the resolver only reads.
import { isIP } from 'node:net';
import { z } from 'zod';

/** What a reader of this version reads. Fields may be added under it; a file of a later version is left alone. */
export const NAMES_VERSION = 1;

export const ASKERS_FILE = 'askers.json';

const NETWORK_FILE = /^network-([A-Za-z0-9]+)\.json$/;

export function nameNetworkFile(network: string): string {
  return `network-${network}.json`;
}

/** The network that a file is about; undefined for any other file. */
export function readNetworkFile(file: string): string | undefined {
  return NETWORK_FILE.exec(file)?.[1];
}

/** 4 or 6; 0 of what is no address, or one of a single link. */
export function familyOf(text: unknown): number {
  return typeof text === 'string' && !text.includes('%') ? isIP(text) : 0;
}

/** What DNS can carry, in any case, and nothing that looks like the end of a name. */
export function isHostName(text: string): boolean {
  return text.length <= MOST_LETTERS && HOST_NAME.test(text);
}

const MOST_LETTERS = 253;
const HOST_NAME = /^[^.\s]{1,63}(\.[^.\s]{1,63})*$/;

const address = z.string().refine((text) => familyOf(text) !== 0, 'not an IP address');
const hostName = z.string().refine(isHostName, 'not a name');
const subnet = z.union([z.cidrv4(), z.cidrv6()]);

export const networkNamesSchema = z.object({
  v: z.literal(NAMES_VERSION),
  network: z.string().describe('Its id, as in the name of the file.'),
  name: hostName.optional().describe('What people call it: "web" is also found as "web.<name>".'),
  subnets: z.array(subnet).describe('Addresses in these are never asked of anybody else.'),
  internal: z
    .boolean()
    .default(false)
    .describe('Who is on internal networks alone gets no answers from outside.'),
  names: z
    .record(hostName, z.array(address))
    .describe(
      'Services, tasks.<service>, aliases and host names. One without an address exists, and has none now.',
    ),
  hosts: z.record(address, hostName).default({}).describe('What an address is called when it is asked for.'),
});
export type NetworkNames = z.input<typeof networkNamesSchema>;

export const askersSchema = z.object({
  v: z.literal(NAMES_VERSION),
  askers: z.record(
    address,
    z.object({
      networks: z.array(z.string()).describe('By id, the first that has a name answers.'),
      nameservers: z
        .array(address)
        .optional()
        .describe('Asked for everything else instead of those of the node: `--dns` of the service.'),
    }),
  ),
});
export type Askers = z.input<typeof askersSchema>;
