// What the namespace of a task is to have of us: one interface for each of its networks, and packets leave by the one whose
// address they have.
import { type Family, IPV4, IPV6, ROUTER_MAC, taskMac } from '../addressing.ts';
import type { Attachment, NetworkPlan, PlannedNetwork } from '../plan.ts';
import { joinWays, type Link, loopback, type Picture, type Ways } from './picture.ts';

const FIRST_TABLE = 1_000;
const PREFERENCE = 1_000;

/** Of a plan, what concerns one task. */
export interface TaskPart {
  readonly attachments: NetworkPlan['attachments'];
  readonly networks: ReadonlyMap<string, PlannedNetwork>;
}

/** The second part is what there is of it in IPv6: on the same links. */
export function drawTask(part: TaskPart, part6: TaskPart, mtu: number): Picture {
  return {
    links: new Map([
      ['lo', loopback],
      ...part.attachments.map(({ interface: name, address }): [string, Link] => [
        name,
        { kind: 'veth', detail: '', mtu, mac: taskMac(address), alias: '', isUp: true },
      ]),
    ]),
    ...joinWays(drawWays(part, IPV4), drawWays(part6, IPV6)),
    forwarding: new Set(),
  };
}

function drawWays({ attachments, networks }: TaskPart, { bits, gateway }: Family): Ways {
  // With one network there is but one way.
  const ways = attachments.length === 1 ? [] : attachments;
  const outward = attachments.find(({ networkId }) => !networks.get(networkId)!.internal) ?? attachments[0];
  const goBy = (destination: string, { interface: name, address }: Attachment, table?: number) => {
    const place = table === undefined ? '' : ` table ${table}`;
    return `${destination} via ${gateway} dev ${name} onlink${place} src ${address}`;
  };
  return {
    addresses: new Set(attachments.map(({ interface: name, address }) => `${address}/${bits} dev ${name}`)),
    neighbours: new Set(
      attachments.map(({ interface: name }) => `${gateway} lladdr ${ROUTER_MAC} dev ${name}`),
    ),
    routes: new Set([
      ...(outward === undefined ? [] : [goBy('default', outward)]),
      ...attachments.map((one) => goBy(networks.get(one.networkId)!.subnet, one)),
      ...ways.map((one, index) => goBy('default', one, FIRST_TABLE + index)),
    ]),
    rules: new Set(
      ways.map(({ address }, index) => `pref ${PREFERENCE} from ${address} lookup ${FIRST_TABLE + index}`),
    ),
  };
}
