// What the namespace of a task is to have of us: one interface for each of its networks, and packets leave by the one whose
// address they have.
import { GATEWAY, ROUTER_MAC, taskMac } from '../addressing.ts';
import type { Attachment, PlannedNetwork } from '../plan.ts';
import { type Link, loopback, type Picture } from './picture.ts';

const FIRST_TABLE = 1_000;
const PREFERENCE = 1_000;

export function drawTask(
  attachments: readonly Attachment[],
  networks: ReadonlyMap<string, PlannedNetwork>,
  mtu: number,
): Picture {
  // With one network there is but one way.
  const ways = attachments.length === 1 ? [] : attachments;
  const outward = attachments.find(({ networkId }) => !networks.get(networkId)!.internal) ?? attachments[0]!;
  return {
    links: new Map([
      ['lo', loopback],
      ...attachments.map(({ interface: name, address }): [string, Link] => [
        name,
        { kind: 'veth', detail: '', mtu, mac: taskMac(address), alias: '', isUp: true },
      ]),
    ]),
    addresses: new Set(attachments.map(({ interface: name, address }) => `${address}/32 dev ${name}`)),
    neighbours: new Set(
      attachments.map(({ interface: name }) => `${GATEWAY} lladdr ${ROUTER_MAC} dev ${name}`),
    ),
    routes: new Set([
      goBy('default', outward),
      ...attachments.map((one) => goBy(networks.get(one.networkId)!.subnet, one)),
      ...ways.map((one, index) => goBy('default', one, FIRST_TABLE + index)),
    ]),
    rules: new Set(
      ways.map(({ address }, index) => `pref ${PREFERENCE} from ${address} lookup ${FIRST_TABLE + index}`),
    ),
    forwarding: new Set(),
  };
}

function goBy(destination: string, { interface: name, address }: Attachment, table?: number): string {
  const place = table === undefined ? '' : ` table ${table}`;
  return `${destination} via ${GATEWAY} dev ${name} onlink${place} src ${address}`;
}
