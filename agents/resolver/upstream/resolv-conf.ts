// The servers that resolv.conf(5) names. Pure.
import { isIP, isIPv4 } from 'node:net';
import { DNS_PORT, type ServerAddress } from '../server-address.ts';

/** As the libraries that read it: three at most, the others are never asked. */
const MOST_SERVERS = 3;

export function readResolvConf(text: string): ServerAddress[] {
  return text
    .split('\n')
    .flatMap((line) => {
      const [word, host = ''] = line.trim().split(/\s+/);
      return word === 'nameserver' && isIP(host) !== 0 ? [{ host, port: DNS_PORT }] : [];
    })
    .slice(0, MOST_SERVERS);
}

/** A server on this machine's own loopback is of no use in another network namespace. */
export function isLoopback({ host }: ServerAddress): boolean {
  return isIPv4(host) ? host.startsWith('127.') : host === '::1';
}
