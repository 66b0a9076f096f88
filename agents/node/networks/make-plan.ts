// From what this node's tasks are, and what the cluster says of networks, to what the node's data path is to be. Pure.
//
// What is said of a network and of each service on it comes in messages of its own, so for a moment two of them may claim one
// address or number: the one that follows from more of the log holds.
import { isIPv4 } from 'node:net';
import type { Sandbox } from '@muster/backends';
import type {
  Attachment,
  NetworkPlan,
  Peer,
  PlannedNetwork,
  PublishedPort,
  VirtualAddress,
} from '@muster/network';
import type { EndpointTables } from '../endpoints/endpoint-tables.ts';

/** A task of this node that has its namespace. */
export type PlacedTask = Pick<Sandbox, 'taskId' | 'networks' | 'ports'> & { readonly netns: string };

export interface ThisNode {
  readonly id: string;
  readonly underlay: string;
}

/** Undefined until the cluster has given the node its number: nothing of it is on any network before. */
export function makePlan(
  node: ThisNode,
  tasks: readonly PlacedTask[],
  tables: EndpointTables,
): NetworkPlan | undefined {
  const number = findNumber(node, tables);
  if (number === undefined) return undefined;
  const networks = listNetworks(node, tasks, tables);
  const own = new Set(networks.map(({ id }) => id));
  return {
    node: { number, underlay: node.underlay },
    networks,
    peers: listPeers(node, own, tables),
    attachments: tasks.flatMap(attach),
    services: listServices(own, tables),
    published: listPublished(tasks, tables),
  };
}

function findNumber({ id }: ThisNode, { networks }: EndpointTables): number | undefined {
  for (const { nodes } of networks.values()) for (const node of nodes) if (node.id === id) return node.number;
  return undefined;
}

/** Those that the node has a part of, and those that a task is on already, whose table may be late. */
function listNetworks(
  node: ThisNode,
  tasks: readonly PlacedTask[],
  { networks }: EndpointTables,
): PlannedNetwork[] {
  const found = new Map<string, PlannedNetwork>();
  for (const { network, nodes } of networks.values()) {
    const own = nodes.find(({ id }) => id === node.id);
    const subnet = network.subnets.map((one) => one.subnet).find(isV4);
    if (own === undefined || subnet === undefined) continue;
    const block = own.blocks.find(isV4);
    const { id, number, internal, ingress } = network;
    found.set(id, {
      id,
      number,
      subnet,
      internal,
      ...(ingress && { ingress }),
      ...(block !== undefined && { block }),
    });
  }
  for (const { id, number, address, prefix, internal } of tasks.flatMap((task) => task.networks))
    if (!found.has(id) && isIPv4(address))
      found.set(id, { id, number, internal, subnet: subnetOf(address, prefix) });
  return [...found.values()];
}

function listPeers({ id: own }: ThisNode, ids: ReadonlySet<string>, { networks }: EndpointTables): Peer[] {
  const peers = new Map<
    number,
    { readonly basis: number; readonly underlay: string; readonly blocks: Peer['blocks'][number][] }
  >();
  const inOrder = [...networks.values()].sort((one, other) => other.basis - one.basis);
  for (const { basis, network, nodes } of inOrder) {
    if (!ids.has(network.id)) continue;
    for (const { id, number, underlay, blocks } of nodes) {
      if (id === own || !isIPv4(underlay)) continue;
      const peer = peers.get(number) ?? { basis, underlay, blocks: [] };
      // Of an earlier node that had this number.
      if (peer.underlay !== underlay) continue;
      peer.blocks.push(...blocks.filter(isV4).map((block) => ({ network: network.number, block })));
      peers.set(number, peer);
    }
  }
  return [...peers].map(([number, { underlay, blocks }]) => ({ number, underlay, blocks }));
}

function attach({ taskId, networks, netns }: PlacedTask): Attachment[] {
  return networks
    .filter(({ address }) => isIPv4(address))
    .map(({ id: networkId, address }, index) => ({
      taskId,
      networkId,
      address,
      netns,
      interface: `eth${index}`,
    }));
}

function listServices(own: ReadonlySet<string>, { services }: EndpointTables): VirtualAddress[] {
  const byVip = new Map<string, VirtualAddress & { readonly basis: number }>();
  for (const [networkId, ofNetwork] of services) {
    if (!own.has(networkId)) continue;
    for (const { basis, address: vip, tasks } of ofNetwork.values()) {
      if (vip === undefined || !isIPv4(vip) || basis < (byVip.get(vip)?.basis ?? 0)) continue;
      byVip.set(vip, { basis, networkId, vip, endpoints: tasks.map(({ address }) => address) });
    }
  }
  return [...byVip.values()].map(({ basis: _, ...service }) => service);
}

/** What tasks of this node publish on it alone, and what the cluster publishes on every node: a port leads to one of them. */
function listPublished(
  tasks: readonly PlacedTask[],
  { networks, services }: EndpointTables,
): PublishedPort[] {
  const byPort = new Map<string, PublishedPort>();
  const ingress = [...networks.values()].filter(({ network }) => network.ingress);
  const published = ingress
    .flatMap(({ network }) => [...(services.get(network.id)?.values() ?? [])])
    .sort((one, other) => other.basis - one.basis)
    .flatMap(({ ports = [], tasks }) =>
      ports.map(({ protocol, published: port, target }) => ({
        protocol,
        port,
        target,
        endpoints: tasks.map(({ address }) => address),
      })),
    );
  for (const one of [...tasks.flatMap(publishHere), ...published]) {
    const key = `${one.port}/${one.protocol}`;
    if (!byPort.has(key)) byPort.set(key, one);
  }
  return [...byPort.values()];
}

/** Reached at the first network that has a way out, as the rest of the world is. */
function publishHere({ networks, ports }: PlacedTask): PublishedPort[] {
  const { address } = networks.find(({ internal }) => !internal) ?? networks[0]!;
  return ports.map(({ protocol, publishedPort: port, targetPort: target }) => ({
    protocol,
    port,
    target,
    endpoints: [address],
  }));
}

/** "10.0.3.0/24" of 10.0.3.7 and 24 */
function subnetOf(address: string, prefix: number): string {
  const value = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - prefix);
  const first = value - (value % size);
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${bytes.join('.')}/${prefix}`;
}

function isV4(subnet: string): boolean {
  return isIPv4(subnet.split('/')[0]!);
}
