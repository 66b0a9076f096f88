// Which networks and services there may be something new to be said of after a change: as few as that change concerns. Pure.
import {
  type Changes,
  type ClusterNode,
  type ClusterState,
  findIngressNetwork,
  type Service,
} from '@muster/state';
import type { Topic } from './derive-endpoints.ts';

export interface Touched {
  list(state: ClusterState, changes: Changes): Iterable<Topic>;
  /** All there are. */
  listAll(state: ClusterState): Iterable<Topic>;
}

export function createTouched(): Touched {
  /** What is said of each node that is on networks. */
  const known = new Map<string, string>();

  /** Whether something else is to be said of the node itself. Nodes change with every report, and this hardly ever. */
  function isAnother(id: string, node: ClusterNode | undefined): boolean {
    const says =
      node?.number === undefined
        ? undefined
        : `${node.number} ${node.description.addr} ${node.description.hostname}`;
    if (known.get(id) === says) return false;
    if (says === undefined) known.delete(id);
    else known.set(id, says);
    return true;
  }

  function* listOfNode({ networks }: ClusterState, { id, tasks }: ClusterNode): Generator<Topic> {
    for (const [networkId, { spaces }] of networks)
      if (spaces.some((space) => space.blocksOf(id).length > 0)) yield { networkId };
    for (const { addresses, service } of tasks.values()) if (addresses) yield { serviceId: service.id };
  }

  return {
    *list(state, changes) {
      for (const networkId of changes.networks) yield { networkId };
      for (const networkId of changes.blocks) yield { networkId };
      for (const serviceId of state.networks.size > 0 ? changes.services : []) {
        const service = state.services.get(serviceId);
        if (service && isOnNetworks(service)) yield { serviceId };
      }
      for (const id of changes.tasks) {
        const task = state.tasks.get(id);
        if (task?.addresses) yield { serviceId: task.service.id };
      }
      for (const id of changes.nodes) {
        const node = state.nodes.get(id);
        if (!isAnother(id, node)) continue;
        const ingress = findIngressNetwork(state);
        if (ingress) yield { networkId: ingress.id };
        if (node) yield* listOfNode(state, node);
      }
    },
    *listAll({ networks, services, nodes }) {
      for (const [id, node] of nodes) isAnother(id, node);
      for (const networkId of networks.keys()) yield { networkId };
      for (const [serviceId, service] of services) if (isOnNetworks(service)) yield { serviceId };
    },
  };
}

/** Or its tasks are still, which it need not be any more. */
function isOnNetworks({ version, tasks }: Service): boolean {
  if (version.networks.length > 0) return true;
  for (const { addresses } of tasks.values()) if (addresses) return true;
  return false;
}
