// Servers, domains and hosts as docker's command line takes them (cli/opts: opts.go, hosts.go), in its words.
import type { Read } from './docker-notation.ts';
import { parseAddress } from './ip-address.ts';

/** The address of the machine, wherever the container runs. */
export const HOST_GATEWAY = 'host-gateway';

const LONGEST_DOMAIN = 254;
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/i;

export function checkNameserver(text: string): string | undefined {
  return parseAddress(text) ? undefined : `IP address is not correctly formatted: ${text}`;
}

/** "." is no domain at all. */
export function checkSearchDomain(text: string): string | undefined {
  if (text === '.') return undefined;
  const labels = text.replace(/\.$/, '').split('.');
  const isDomain =
    text.length <= LONGEST_DOMAIN && /[a-z]/i.test(text) && labels.every((label) => LABEL.test(label));
  return isDomain ? undefined : `${text} is not a valid domain`;
}

/** "name:10.0.0.1" or "name=[fd00::1]", as the line "10.0.0.1 name". */
export function parseExtraHost(text: string): Read<string> {
  const at = text.includes('=') ? text.indexOf('=') : text.indexOf(':');
  const name = text.slice(0, Math.max(0, at));
  if (name === '' || /[\s:]/.test(name)) return { error: `bad format for add-host: ${JSON.stringify(text)}` };
  const address = text.slice(at + 1).replace(/^\[(.+)\]$/, '$1');
  if (address !== HOST_GATEWAY && !parseAddress(address))
    return { error: `invalid IP address in add-host: ${JSON.stringify(address)}` };
  return `${address} ${name}`;
}

/** A line of hosts as its parts. */
export function splitHosts(line: string): { readonly address: string; readonly names: readonly string[] } {
  const [address = '', ...names] = line.split(/\s+/).filter(Boolean);
  return { address, names };
}
