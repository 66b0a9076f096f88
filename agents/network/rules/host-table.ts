// The rules in the host's own network: published ports lead to the router, its packets lead out, and the overlay is heard
// from the cluster's nodes alone. Everything is in one table, and nothing of anybody else's is changed.
import { VXLAN_PORT } from '../addressing.ts';
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
): Table {
  const led = plan.published
    .filter(({ endpoints }) => endpoints.length > 0)
    .map(({ protocol, port }) => `${protocol} . ${port}`)
    .filter((port) => held.has(port));
  const lead = `fib daddr type local meta l4proto . th dport @ports dnat to ${router}`;
  return {
    name: hostTable,
    counters: ['strangers', 'martians', 'undue'],
    collections: new Map([
      ['ports', setOf('set type inet_proto . inet_service', led)],
      [
        'nodes',
        setOf(
          'set type ipv4_addr',
          plan.peers.map(({ underlay }) => underlay),
        ),
      ],
    ]),
    chains: new Map([
      [
        'hear',
        {
          hook: 'type filter hook input priority filter',
          // Of the overlay's packets those of our cluster: others may share the port.
          rules: [`udp dport ${VXLAN_PORT} @th,96,24 ${vni} ip saddr != @nodes counter name strangers drop`],
        },
      ],
      [
        'guard',
        {
          hook: 'type filter hook prerouting priority mangle',
          // The uplink may carry addresses of the loopback, for connections of this host to itself, and for no others.
          rules: [`iifname "${uplink}" ip daddr 127.0.0.0/8 counter name martians drop`],
        },
      ],
      [
        'come',
        { hook: 'type nat hook prerouting priority dstnat', rules: [`iifname != "${uplink}" ${lead}`] },
      ],
      ['here', { hook: 'type nat hook output priority -100', rules: [lead] }],
      [
        'leave',
        {
          hook: 'type nat hook postrouting priority srcnat',
          rules: [
            `iifname "${uplink}" oifname != "${uplink}" masquerade`,
            `oifname "${uplink}" ip saddr 127.0.0.0/8 masquerade`,
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
