// What the router namespace of a node is to have.
import {
  type Family,
  IPV4,
  IPV6,
  nodeMac,
  ROUTER_MAC,
  returnTable,
  taskLink,
  taskMac,
  UPLINK_MACS,
  VXLAN_OVERHEAD,
  VXLAN_PORT,
} from '../addressing.ts';
import { inIpv6 } from '../ipv6-plan.ts';
import type { Attachment, NetworkPlan } from '../plan.ts';
import type { UplinkAddresses } from '../router-names.ts';
import { sayVxlan } from './parse-picture.ts';
import { joinWays, type Link, loopback, type Picture, type Ways } from './picture.ts';

/** What the machine has, and a plan can't say. */
export interface Underlay {
  readonly mtu: number;
  readonly vni: number;
  readonly uplink: UplinkAddresses;
  readonly uplink6: UplinkAddresses;
}

/** Before these, whatever has no mark asks one rule, not one for each node. */
const UNMARKED_PREFERENCE = 999;
const RETURN_PREFERENCE = 1_000;
/** More than any number of a node. With all of its bits, `ip` would not say it again. */
const WHOLE_MARK = '0xffffff';

export function drawRouter(plan: NetworkPlan, { mtu, vni, uplink, uplink6 }: Underlay): Picture {
  const overlayMtu = mtu - VXLAN_OVERHEAD;
  const { node, peers, attachments } = plan;
  const plain: Link = { kind: 'veth', detail: '', mtu, mac: undefined, alias: '', isUp: true };
  const overlay: Link = {
    ...plain,
    kind: 'vxlan',
    detail: sayVxlan({ id: vni, local: node.underlay, port: VXLAN_PORT }),
    mtu: overlayMtu,
    mac: nodeMac(node.number),
  };
  return {
    links: new Map([
      ['lo', loopback],
      ['uplink', { ...plain, mac: UPLINK_MACS.router }],
      ['vx0', overlay],
      ...attachments.map((one): [string, Link] => [
        taskLink(one.address),
        { ...plain, mtu: overlayMtu, mac: ROUTER_MAC, alias: describeAttachment(one) },
      ]),
    ]),
    ...joinWays(drawWays(plan, IPV4, uplink), drawWays(inIpv6(plan), IPV6, uplink6)),
    forwarding: new Set(peers.map(({ number, underlay }) => `${nodeMac(number)} dev vx0 dst ${underlay}`)),
  };
}

function drawWays(
  { networks, peers, attachments }: NetworkPlan,
  family: Family,
  uplink: UplinkAddresses,
): Ways {
  const { bits, gateway, hop, uplinkPrefix } = family;
  return {
    addresses: new Set([`${gateway}/${bits} dev lo`, `${uplink.router}/${uplinkPrefix} dev uplink`]),
    neighbours: new Set([
      `${uplink.host} lladdr ${UPLINK_MACS.host} dev uplink`,
      ...peers.map(({ number }) => `${hop(number)} lladdr ${nodeMac(number)} dev vx0`),
      ...attachments.map(({ address }) => `${address} lladdr ${taskMac(address)} dev ${taskLink(address)}`),
    ]),
    routes: new Set([
      `default via ${uplink.host} dev uplink`,
      // An address that nobody has is nowhere, rather than somewhere in the world.
      ...networks.map(({ subnet }) => `unreachable ${subnet}`),
      ...peers.flatMap(({ number, blocks }) =>
        blocks.map(({ block }) => `${block} via ${hop(number)} dev vx0 onlink`),
      ),
      ...attachments.map(({ address }) => `${address}/${bits} dev ${taskLink(address)}`),
      ...peers.map(({ number }) => `default via ${hop(number)} dev vx0 onlink table ${returnTable(number)}`),
    ]),
    rules: new Set([
      `pref ${UNMARKED_PREFERENCE} fwmark 0/${WHOLE_MARK} lookup main`,
      ...peers.map(
        ({ number }) =>
          `pref ${RETURN_PREFERENCE} fwmark 0x${number.toString(16)} lookup ${returnTable(number)}`,
      ),
    ]),
  };
}

export function describeAttachment({ taskId, networkId }: Attachment): string {
  return `task ${taskId} network ${networkId}`;
}
