// Where a DNS server is, as people write it: an address, and a port where it is not 53. Pure.
import { isIP } from 'node:net';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export const DNS_PORT = 53;

/** "10.0.0.2", "10.0.0.2:5353", "fd00::2", "[fd00::2]:5353". Undefined when it is none of these. */
export function parseServerAddress(text: string): ServerAddress | undefined {
  if (isIP(text) !== 0) return { host: text, port: DNS_PORT };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = digits === undefined ? DNS_PORT : Number(digits);
  if (isIP(host) !== (bracketed === undefined ? 4 : 6) || port > 65_535) return undefined;
  return { host, port };
}

export function writeServerAddress({ host, port }: ServerAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
