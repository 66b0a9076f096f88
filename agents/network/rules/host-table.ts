// The rules in the host's own network: published ports lead to the router, its packets lead out, and the overlay is heard
// from the cluster's nodes alone. Everything is in one table, and nothing of anybody else's is changed.
import { type Family, VXLAN_PORT } from '../addressing.ts';
import type { NetworkPlan } from '../plan.ts';
import type { RouterNames, UplinkAddresses } from '../router-names.ts';
import { setOf, type Table } from './table.ts';

/** The one bit by which a firewall that drops what it doesn't know can tell what is ours to forward. */
export const PASS_MARK = '0x1000000';

export function writeHostTable(
  plan: NetworkPlan,
  { hostTable, uplink, vni }: RouterNames,
  { router }: UplinkAddresses,
  held: ReadonlySet<string>,
  { name: ip, loopback, address: type }: Family,
): Table {
  const led = plan.published
    .filter(({ endpoints }) => endpoints.length > 0)
    .map(({ protocol, port }) => `${protocol} . ${port}`)
    .filter((port) => held.has(port));
  const toPort = 'meta l4proto . th dport @ports';
  // In IPv6 what is for one link alone, or for the machine alone, can't be led to another link.
  const toAll = ip === 'ip6' ? 'ip6 daddr != { ::1, fe80::/10 } ' : '';
  const lead = `fib daddr type local ${toAll}${toPort} dnat to ${router}`;
  return {
    family: ip,
    name: hostTable,
    counters: ['strangers', 'martians', 'undue'],
    collections: new Map([
      ['ports', setOf('set type inet_proto . inet_service', led)],
      [
        'nodes',
        setOf(
          `set type ${type}`,
          // The overlay is carried by IPv4 alone.
          ip === 'ip' ? plan.peers.map(({ underlay }) => underlay) : [],
        ),
      ],
    ]),
    chains: new Map([
      [
        'hear',
        {
          hook: 'type filter hook input priority filter',
          // Of the overlay's packets those of our cluster: others may share the port.
          rules: [
            `udp dport ${VXLAN_PORT} @th,96,24 ${vni} ${ip} saddr != @nodes counter name strangers drop`,
          ],
        },
      ],
      [
        'guard',
        {
          hook: 'type filter hook prerouting priority mangle',
          // The uplink may carry addresses of the loopback, for connections of this host to itself, and for no others.
          rules: [`iifname "${uplink}" ${ip} daddr ${loopback} counter name martians drop`],
        },
      ],
      [
        'come',
        { hook: 'type nat hook prerouting priority dstnat', rules: [`iifname != "${uplink}" ${lead}`] },
      ],
      ['here', { hook: 'type nat hook output priority -100', rules: [lead] }],
      [
        'refuse',
        {
          hook: 'type filter hook output priority filter',
          // Who asks at localhost tries IPv4 next, unless somebody accepts.
          rules: ip === 'ip6' ? [`ip6 daddr ::1 ${toPort} reject with icmpv6 port-unreachable`] : [],
        },
      ],
      [
        'leave',
        {
          hook: 'type nat hook postrouting priority srcnat',
          rules: [
            `iifname "${uplink}" oifname != "${uplink}" masquerade`,
            `oifname "${uplink}" ${ip} saddr ${loopback} masquerade`,
          ],
        },
      ],
      [
        'pass',
        {
          hook: 'type filter hook forward priority filter - 5',
          rules: [
            `iifname "${uplink}" ct state established,related meta mark set meta mark or ${PASS_MARK}`,
            // Into a bridge only where its owner lets anybody in.
            `iifname "${uplink}" meta oifkind != "bridge" meta mark set meta mark or ${PASS_MARK}`,
            `oifname "${uplink}" ct status dnat meta mark set meta mark or ${PASS_MARK}`,
            `oifname "${uplink}" ct state established,related meta mark set meta mark or ${PASS_MARK}`,
            `oifname "${uplink}" meta mark and ${PASS_MARK} != ${PASS_MARK} counter name undue drop`,
          ],
        },
      ],
    ]),
  };
}
