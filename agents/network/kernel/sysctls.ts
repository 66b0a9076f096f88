// Switches of the kernel in a namespace. What is set already is not written, as they may be
// read-only here, and what this kernel has not (IPv6) needs none.
import { type Netns, runOrFail } from './run.ts';

/** Names as in /proc/sys/net, with their values. */
export async function setSysctls(netns: Netns, values: ReadonlyMap<string, string>): Promise<void> {
  const script = `
    while read -r name value; do
      file=/proc/sys/net/$name
      [ -e "$file" ] || continue
      [ "$(cat "$file")" = "$value" ] || echo "$value" >"$file" || exit
    done`;
  const lines = [...values].map(([name, value]) => `${name} ${value}\n`);
  await runOrFail(netns, ['sh', '-c', script], lines.join(''));
}

/** Those that have another value, in words. */
export async function compareSysctls(netns: Netns, values: ReadonlyMap<string, string>): Promise<string[]> {
  const script = `
    while read -r name value; do
      file=/proc/sys/net/$name
      [ -e "$file" ] || continue
      is=$(cat "$file")
      [ "$is" = "$value" ] || echo "net/$name is $is"
    done`;
  const lines = [...values].map(([name, value]) => `${name} ${value}\n`);
  const said = await runOrFail(netns, ['sh', '-c', script], lines.join(''));
  return said.split('\n').filter((line) => line !== '');
}

/** A link has the addresses that it is given, and neither asks nor hears of others. */
const withIpv6: readonly (readonly [string, string])[] = [
  ['ipv6/conf/all/disable_ipv6', '0'],
  ['ipv6/conf/default/disable_ipv6', '0'],
  ['ipv6/conf/default/addr_gen_mode', '1'],
  ['ipv6/conf/default/accept_ra', '0'],
  ['ipv6/conf/default/accept_redirects', '0'],
];

export const routerSysctls: ReadonlyMap<string, string> = new Map([
  ['ipv4/ip_forward', '1'],
  // Who may send from where is said by rules, and what is forwarded for the world comes from any address.
  ['ipv4/conf/all/rp_filter', '0'],
  ['ipv4/conf/default/rp_filter', '0'],
  // An error of ours (too big, nowhere) has an address that the way back leads to.
  ['ipv4/icmp_errors_use_inbound_ifaddr', '1'],
  ['ipv4/conf/all/send_redirects', '0'],
  ['ipv4/conf/default/send_redirects', '0'],
  ...withIpv6,
  ['ipv6/conf/all/forwarding', '1'],
]);

/** Of a task that has addresses of IPv6. */
export const taskSysctls: ReadonlyMap<string, string> = new Map(withIpv6);

/** Forwarding stays on when everything else is removed: somebody else may have come to need it. */
export function hostSysctls(uplink: string): ReadonlyMap<string, string> {
  return new Map([
    ['ipv4/ip_forward', '1'],
    [`ipv4/conf/${uplink}/route_localnet`, '1'],
    [`ipv4/conf/${uplink}/rp_filter`, '0'],
    [`ipv6/conf/${uplink}/disable_ipv6`, '0'],
  ]);
}

/**
 * What a host needs to forward IPv6, beside the others, where a network has it. Who forwards does not hear routers any more
 * unless told to: what a link has learned from them, the way out maybe, it is to go on learning.
 */
export async function forwardIpv6(netns: Netns): Promise<void> {
  const script = `
    cd /proc/sys/net/ipv6/conf
    [ "$(cat all/forwarding)" = 1 ] && exit
    for link in *; do
      [ "$(cat "$link/accept_ra")" = 1 ] && { echo 2 >"$link/accept_ra" || exit; }
    done
    echo 1 >all/forwarding`;
  await runOrFail(netns, ['sh', '-c', script]);
}
