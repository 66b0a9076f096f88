// How decisions about networks change the state. Returns false when the decision is void: another one came first.
import { type EventFact, type EventOf, type EventType, storedOf } from '@muster/events';
import { DEFAULT_TEAM, deriveNetworkId, TaskState } from '@muster/model';
import { makeNetwork } from '../cluster/network.ts';
import { findNetworkUser } from '../cluster/network-users.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Changes } from './changes.ts';

type FactOf<Type extends EventType> = EventFact<EventOf<Type>>;

export function createNetwork(
  state: ClusterState,
  fact: FactOf<'network.created'>,
  changes: Changes,
): boolean {
  const { event, seq, time } = fact;
  const { spec, networkId, team = DEFAULT_TEAM, cause } = event;
  const { networks, networkByName, intents, cluster } = state;
  if (!intents.has(cause) || networks.has(networkId) || networkByName.has(team, spec.name)) return false;
  if (networkId !== deriveNetworkId(spec.name, cause, { clusterId: cluster?.id, team })) return false;
  if (spec.ingress && findIngressNetwork(state)) return false;
  intents.delete(cause);
  const storedSpec = storedOf(fact, 'spec');
  const network = makeNetwork({
    id: networkId,
    team,
    createdAt: time,
    createdSeq: seq,
    storedSpec,
    spec,
  });
  networks.set(networkId, network);
  networkByName.add(network);
  changes.networks.add(networkId);
  return true;
}

/** There is one at most: published ports are the cluster's. */
export function findIngressNetwork({ networkByName }: Pick<ClusterState, 'networkByName'>) {
  for (const network of networkByName.values()) if (network.spec.ingress) return network;
  return undefined;
}

export function removeNetwork(
  state: ClusterState,
  { event }: FactOf<'network.removed'>,
  changes: Changes,
): boolean {
  const network = state.networks.get(event.networkId);
  if (!network || network.removed || findNetworkUser(state, network.id)) return false;
  if (!state.intents.delete(event.cause)) return false;
  network.removed = true;
  state.networkByName.delete(network);
  state.networks.delete(network.id);
  for (const writer of ['orchestrator', 'allocator'])
    state.lastSeqs.delete(`muster.event.${writer}.network.${network.id}`);
  changes.networks.add(network.id);
  return true;
}

export function allocateNetwork(
  state: ClusterState,
  { event }: FactOf<'network.allocated'>,
  changes: Changes,
): boolean {
  const network = state.networks.get(event.networkId);
  if (!network || network.removed || network.number !== undefined) return false;
  network.number = event.number;
  network.subnets = event.subnets;
  network.failure = '';
  changes.networks.add(network.id);
  return true;
}

export function noteNetworkFailed(
  state: ClusterState,
  { event }: FactOf<'network.allocation_failed'>,
  changes: Changes,
): boolean {
  const network = state.networks.get(event.networkId);
  if (!network || network.removed || network.number !== undefined) return false;
  network.failure = event.message;
  changes.networks.add(network.id);
  return true;
}

export function allocateNode(
  state: ClusterState,
  { event }: FactOf<'node.allocated'>,
  changes: Changes,
): boolean {
  const node = state.nodes.get(event.nodeId);
  if (!node) return false;
  for (const { networkId, block } of event.blocks) {
    const network = state.networks.get(networkId);
    if (!network) continue;
    network.blocks.set(block, node.id);
    changes.networks.add(networkId);
  }
  for (const { id, addresses } of event.tasks) {
    const task = node.tasks.get(id);
    if (!task) continue;
    state.addresses.set(id, addresses);
    task.err = '';
    changes.tasks.add(id);
  }
  changes.nodes.add(node.id);
  return true;
}

/** Shown as the task's error, as long as it waits. */
export function noteNodeFailed(
  state: ClusterState,
  { event }: FactOf<'node.allocation_failed'>,
  changes: Changes,
): boolean {
  const node = state.nodes.get(event.nodeId);
  if (!node) return false;
  for (const id of event.tasks) {
    const task = node.tasks.get(id);
    if (task?.observed !== TaskState.ASSIGNED) continue;
    task.err = event.message;
    changes.tasks.add(id);
  }
  changes.nodes.add(node.id);
  return true;
}
