// Which address a name below in-addr.arpa or ip6.arpa stands for (RFC 1035 3.5, RFC 3596 2.5). Pure.
import { isIP } from 'node:net';
import { canonicalAddress } from './directory.ts';

/** The name in lower case. Undefined when it is no whole address. */
export function readReverse(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa')) {
    const text = name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.');
    return isIP(text) === 4 ? text : undefined;
  }
  if (!name.endsWith('.ip6.arpa')) return undefined;
  const nibbles = name.slice(0, -'.ip6.arpa'.length).split('.').reverse();
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) return undefined;
  return canonicalAddress(nibbles.join('').replace(/(.{4})(?!$)/g, '$1:'));
}
