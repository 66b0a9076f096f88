// What the router namespace of a node is to have.
import {
  GATEWAY,
  nodeHop,
  nodeMac,
  ROUTER_MAC,
  returnTable,
  taskLink,
  taskMac,
  VXLAN_OVERHEAD,
  VXLAN_PORT,
} from '../addressing.ts';
import type { Attachment, NetworkPlan } from '../plan.ts';
import type { UplinkAddresses } from '../router-names.ts';
import { sayVxlan } from './parse-picture.ts';
import { type Link, loopback, type Picture } from './picture.ts';

/** What the machine has, and a plan can't say. */
export interface Underlay {
  readonly mtu: number;
  readonly vni: number;
  readonly uplink: UplinkAddresses;
}

/** Before these, whatever has no mark asks one rule, not one for each node. */
const UNMARKED_PREFERENCE = 999;
const RETURN_PREFERENCE = 1_000;
/** More than any number of a node. With all of its bits, `ip` would not say it again. */
const WHOLE_MARK = '0xffffff';

export function drawRouter(plan: NetworkPlan, { mtu, vni, uplink }: Underlay): Picture {
  const overlayMtu = mtu - VXLAN_OVERHEAD;
  const { node, networks, peers, attachments } = plan;
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
      ['uplink', plain],
      ['vx0', overlay],
      ...attachments.map((one): [string, Link] => [
        taskLink(one.address),
        { ...plain, mtu: overlayMtu, mac: ROUTER_MAC, alias: describeAttachment(one) },
      ]),
    ]),
    addresses: new Set([`${GATEWAY}/32 dev lo`, `${uplink.router}/30 dev uplink`]),
    neighbours: new Set([
      ...peers.map(({ number }) => `${nodeHop(number)} lladdr ${nodeMac(number)} dev vx0`),
      ...attachments.map(({ address }) => `${address} lladdr ${taskMac(address)} dev ${taskLink(address)}`),
    ]),
    routes: new Set([
      `default via ${uplink.host} dev uplink`,
      // An address that nobody has is nowhere, rather than somewhere in the world.
      ...networks.map(({ subnet }) => `unreachable ${subnet}`),
      ...peers.flatMap(({ number, blocks }) =>
        blocks.map(({ block }) => `${block} via ${nodeHop(number)} dev vx0 onlink`),
      ),
      ...attachments.map(({ address }) => `${address}/32 dev ${taskLink(address)}`),
      ...peers.map(
        ({ number }) => `default via ${nodeHop(number)} dev vx0 onlink table ${returnTable(number)}`,
      ),
    ]),
    rules: new Set([
      `pref ${UNMARKED_PREFERENCE} fwmark 0/${WHOLE_MARK} lookup main`,
      ...peers.map(
        ({ number }) =>
          `pref ${RETURN_PREFERENCE} fwmark 0x${number.toString(16)} lookup ${returnTable(number)}`,
      ),
    ]),
    forwarding: new Set(peers.map(({ number, underlay }) => `${nodeMac(number)} dev vx0 dst ${underlay}`)),
  };
}

export function describeAttachment({ taskId, networkId }: Attachment): string {
  return `task ${taskId} network ${networkId}`;
}
