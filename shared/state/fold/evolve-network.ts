// How decisions about networks change the state. Returns false when the decision is void: another one came first.
import { type EventFact, type EventOf, type EventType, storedOf } from '@muster/events';
import { blocksOverlap, DEFAULT_TEAM, deriveNetworkId, parseSubnet, spanIn, TaskState } from '@muster/model';
import { giveSubnets, makeNetwork, type Network } from '../cluster/networks/network.ts';
import { findIngressNetwork, findNetworkUser } from '../cluster/networks/network-users.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Changes } from './changes.ts';
import { awaitsAddresses, followNetworks, isIdle, takeForTask, takeNumber } from './hold-addresses.ts';

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
  // Where nobody asked for it, it is made for a service, and the intent about that has its own verdict.
  if (event.actor !== undefined) intents.delete(cause);
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

export function removeNetwork(
  state: ClusterState,
  { event }: FactOf<'network.removed'>,
  changes: Changes,
): boolean {
  const network = state.networks.get(event.networkId);
  if (!network || network.removed || findNetworkUser(state, network)) return false;
  if (!state.intents.delete(event.cause)) return false;
  network.removed = true;
  state.networkByName.delete(network);
  changes.networks.add(network.id);
  if (isIdle(network)) forgetNetwork(state, network);
  return true;
}

function forgetNetwork(state: ClusterState, { id }: Network): void {
  state.networks.delete(id);
  for (const writer of ['orchestrator', 'allocator'])
    state.lastSeqs.delete(`muster.event.${writer}.network.${id}`);
}

/** The last task that held something of them is gone. */
export function forgetEmptied(state: ClusterState): void {
  const { emptied } = state.tables.networks;
  for (const network of emptied) forgetNetwork(state, network);
  emptied.clear();
}

/** The first in log order has the number, and the subnets. */
export function allocateNetwork(
  state: ClusterState,
  { event }: FactOf<'network.allocated'>,
  changes: Changes,
): boolean {
  const { networkId, number, subnets } = event;
  const network = state.networks.get(networkId);
  if (!network || network.removed || network.number !== undefined) return false;
  const blocks = subnets.map(({ subnet }) => parseSubnet(subnet));
  for (const other of state.networks.values()) {
    if (other.number === number) return false;
    for (const range of other.ranges)
      if (blocks.some((own) => own && blocksOverlap(own, range))) return false;
  }
  giveSubnets(network, number, subnets);
  network.failure = '';
  changes.networks.add(networkId);
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

/** Block by block and task by task: of what is had by another the first in log order stands, and the rest is as good as before. */
export function allocateNode(
  state: ClusterState,
  { event, seq }: FactOf<'node.allocated'>,
  changes: Changes,
): boolean {
  const node = state.nodes.get(event.nodeId);
  if (!node) return false;
  changes.nodes.add(node.id);
  let stands = true;
  const { number } = event;
  if (number !== undefined && !takeNumber(state.tables.networks, node, number)) stands = false;
  for (const { networkId, block } of event.blocks) {
    if (!takeBlock(state.networks.get(networkId), block, node.id)) stands = false;
    else changes.blocks.add(networkId);
  }
  for (const { id, addresses } of event.tasks) {
    const task = node.tasks.get(id);
    // It may have ended meanwhile, or be told to.
    if (!task || !awaitsAddresses(task)) continue;
    if (!takeForTask(task, addresses)) {
      stands = false;
      continue;
    }
    task.addresses = addresses;
    task.err = '';
    task.commandSeq = seq;
    followNetworks(task, changes);
    changes.tasks.add(id);
  }
  return stands;
}

function takeBlock(network: Network | undefined, text: string, nodeId: string): boolean {
  const block = parseSubnet(text);
  for (const space of network?.spaces ?? []) {
    const span = block && spanIn(space.subnet, block);
    if (span) return space.takeBlock(span, nodeId);
  }
  return false;
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
