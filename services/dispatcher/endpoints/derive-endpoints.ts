// What the store of endpoints should hold for a network, or for a service on its networks, and does not: pure, from folded state
// and what the store is known to hold. Level-triggered: asked again, it gives the same until the store shows it, and then nothing.
import type { Endpoints, EndpointsOf, NetworkEndpoints, ServiceEndpoints } from '@muster/events';
import {
  blockAt,
  type ContainerSpec,
  DEFAULT_TEAM,
  expandHostname,
  formatBlock,
  nameTask,
  type TemplateContext,
  TemplateError,
} from '@muster/model';
import {
  basisOf,
  type ClusterNode,
  type ClusterState,
  isGlobal,
  type Network,
  placeOfTask,
  type Service,
  takesRequests,
} from '@muster/state';
import { type EndpointView, writeContent } from './endpoint-view.ts';

/** A network, or a service on all of its networks. */
export type Topic = { readonly networkId: string } | { readonly serviceId: string };

export interface EndpointsPut {
  readonly of: EndpointsOf;
  readonly endpoints: Endpoints;
  readonly expectLastSeq: number;
}

/** Of two dispatchers the one that has read more stands: a message is only ever replaced by one with a higher basis. */
export function deriveEndpoints(state: ClusterState, view: EndpointView, topic: Topic): EndpointsPut[] {
  const basis = basisOf(state, state.head);
  const puts: EndpointsPut[] = [];
  const wanted =
    'networkId' in topic ? listNetwork(state, topic.networkId) : listService(state, topic.serviceId);
  for (const { of, content } of wanted) {
    const entry = view.entryOf(of);
    if (entry && (entry.basis >= basis || entry.content === writeContent(content))) continue;
    puts.push({ of, endpoints: { ...content, basis, at: state.headTime }, expectLastSeq: entry?.seq ?? 0 });
  }
  for (const { of, seq, gone, basis: stored } of view.entriesOf(topic)) {
    const isWanted = wanted.some((other) => other.of.networkId === of.networkId);
    if (isWanted || gone || stored >= basis) continue;
    puts.push({ of, endpoints: { v: 1, type: 'gone', basis, at: state.headTime }, expectLastSeq: seq });
  }
  return puts;
}

interface Wanted {
  readonly of: EndpointsOf;
  readonly content: Omit<NetworkEndpoints, 'basis' | 'at'> | Omit<ServiceEndpoints, 'basis' | 'at'>;
}

function listNetwork({ networks, nodes }: ClusterState, networkId: string): Wanted[] {
  const network = networks.get(networkId);
  if (network?.number === undefined) return [];
  const { spec, team, number, subnets } = network;
  return [
    {
      of: { networkId },
      content: {
        v: 1,
        type: 'network',
        network: {
          id: networkId,
          name: spec.name,
          ...teamOf(team),
          number,
          internal: spec.internal,
          subnets: [...subnets],
          ...(spec.ingress && { ingress: true }),
        },
        nodes: listNodes(nodes, network),
      },
    },
  ];
}

/** Those with blocks of it; of the ingress network all that can be on networks, as each of them answers on published ports. */
function listNodes(nodes: ClusterState['nodes'], network: Network): NetworkEndpoints['nodes'] {
  const blocksOf = blocksByNode(network);
  const ids = network.spec.ingress && !network.removed ? nodes.keys() : blocksOf.keys();
  const listed: NetworkEndpoints['nodes'] = [];
  for (const id of ids) {
    const node = nodes.get(id);
    const underlay = node?.description.addr;
    if (node?.number === undefined || !underlay) continue;
    listed.push({ id, number: node.number, underlay, blocks: blocksOf.get(id) ?? [] });
  }
  return listed.sort((a, b) => a.number - b.number);
}

function listService(state: ClusterState, serviceId: string): Wanted[] {
  const service = state.services.get(serviceId);
  if (!service || service.removed) return [];
  const tasks = listTasks(service);
  const networkIds = new Set([...service.version.networks, ...tasks.keys()]);
  return [...networkIds].flatMap((networkId) => {
    if (state.networks.get(networkId)?.number === undefined) return [];
    const vip = service.addresses.find((address) => address.networkId === networkId)?.address;
    const attachments = service.spec.taskTemplate.networks ?? [];
    const content: Wanted['content'] = {
      v: 1,
      type: 'service',
      service: { id: serviceId, name: service.spec.name, ...teamOf(service.team) },
      ...(vip !== undefined && { address: vip }),
      aliases: [...(attachments.find(({ target }) => target === networkId)?.aliases ?? [])],
      tasks: tasks.get(networkId) ?? [],
      ...(networkId === service.version.ingress && { ports: listPublished(service) }),
    };
    return [{ of: { networkId, serviceId }, content }];
  });
}

/** While a version waits for a port to be picked, those of the newest one that has its own. */
function listPublished({ version, tasks }: Service): NonNullable<ServiceEndpoints['ports']> {
  let newest = version;
  if (newest.ports === undefined)
    for (const task of tasks.values())
      if (task.version.ports && task.version.seq > (newest.ports ? newest.seq : 0)) newest = task.version;
  return (newest.ports ?? []).flatMap(({ publishMode, protocol, publishedPort, targetPort }) =>
    publishMode === 'ingress' ? [{ protocol, published: publishedPort, target: targetPort }] : [],
  );
}

/** By network those that take traffic, in order of their slots. */
function listTasks(service: Service): Map<string, ServiceEndpoints['tasks']> {
  const byNetwork = new Map<string, ServiceEndpoints['tasks']>();
  const { name } = service.spec;
  for (const task of service.tasks.values()) {
    const { id, node, addresses, slot, version } = task;
    if (!addresses || !takesRequests(task) || node?.number === undefined) continue;
    const taskName = nameTask(name, placeOfTask(task), id);
    // As in its command.
    const place = isGlobal(service) ? 0 : slot.number;
    const hostname = findHostname(service, version.spec.containerSpec, node, {
      id,
      name: taskName,
      slot: place,
    });
    const own = {
      id,
      slot: place,
      name: taskName,
      ...(hostname !== undefined && { hostname }),
    };
    for (const { networkId, address } of addresses) {
      const listed = byNetwork.get(networkId) ?? [];
      byNetwork.set(networkId, listed);
      listed.push({ ...own, address, node: node.number });
    }
  }
  for (const listed of byNetwork.values())
    listed.sort((a, b) => a.slot - b.slot || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return byNetwork;
}

/** As its agent fills in what is a template. */
function findHostname(
  { id, spec: { name, labels } }: Service,
  container: Pick<ContainerSpec, 'hostname'>,
  node: ClusterNode,
  task: TemplateContext['task'],
): string | undefined {
  const { hostname, platform } = node.description;
  try {
    return expandHostname(container, {
      service: { id, name, labels },
      node: { id: node.id, hostname, platform },
      task,
    });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return undefined;
  }
}

function teamOf(team: string): { readonly team?: string } {
  return team === DEFAULT_TEAM ? {} : { team };
}

function blocksByNode({ spaces }: Pick<Network, 'spaces'>): Map<string, string[]> {
  const byNode = new Map<string, string[]>();
  for (const space of spaces) {
    for (const { nodeId, start, size } of space.blocks()) {
      const blocks = byNode.get(nodeId) ?? [];
      byNode.set(nodeId, blocks);
      blocks.push(formatBlock(blockAt(space.subnet, start, size)));
    }
  }
  return byNode;
}
