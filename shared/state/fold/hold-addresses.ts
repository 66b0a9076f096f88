// Addresses that tasks and services hold: taken all or none, and given back. A task holds its own until it is known that nothing of
// it runs: an address that came back sooner might have two at once.
import type { NetworkAddress } from '@muster/events';
import { isTerminal, TaskState } from '@muster/model';
import { type AddressSpace, findPlace, type Place } from '../cluster/networks/address-space.ts';
import type { Network } from '../cluster/networks/network.ts';
import type { Networks } from '../cluster/networks/networks.ts';
import type { Task as ReadOnlyTask } from '../cluster/readonly.ts';
import type { ClusterNode, Service } from '../cluster/state.ts';
import type { Task } from '../cluster/tasks/task.ts';
import { isLive } from '../cluster/tasks/task-standing.ts';
import type { Changes } from './changes.ts';

/** It was given to a node and is to run, on networks; the node can't be told of it before it has addresses there. */
export function awaitsAddresses(task: ReadOnlyTask): boolean {
  const { version, observed, addresses } = task;
  return (
    version.networks.length > 0 && observed === TaskState.ASSIGNED && isLive(task) && addresses === undefined
  );
}

/** Called after every change of what is wanted of a task or was seen of it; costs nothing where there are no networks. */
export function followNetworks(task: Task, changes: Changes): void {
  if (task.version.networks.length === 0) return;
  indexWaiting(task);
  if (isTerminal(task.observed)) giveBackOfTask(task, changes);
}

function indexWaiting(task: Task): void {
  const { id, node, networks } = task;
  if (node) networks.noteWaiting(node.id, id, awaitsAddresses(task));
}

/** False, and nothing is taken, when one of them is not to be had. */
export function takeForTask(task: Task, addresses: readonly NetworkAddress[]): boolean {
  const { id, node, networks } = task;
  const places = findPlaces(networks, addresses);
  if (!places?.every(({ space, place }) => space.mayTakeAddress(place, node!.id))) return false;
  for (const { space, place } of places) space.takeAddress(place, node!.id, id);
  return true;
}

/** As a snapshot has it: what it holds follows from what it was given and whether it has ended. */
export function holdAgain(task: Task): void {
  if (task.addresses && !isTerminal(task.observed)) takeForTask(task, task.addresses);
  indexWaiting(task);
}

function giveBackOfTask({ id, addresses, networks }: Task, changes: Changes): void {
  for (const { networkId, address } of addresses ?? []) {
    const network = networks.byId.get(networkId);
    const found = findPlace(network, address);
    if (!network || !found) continue;
    if (found.space.dropAddress(found.place, id)) noteGivenBack(networks, network, changes);
  }
}

/** False, and nothing is taken, when another service, or a block in use, has one of them. */
export function takeForService(
  networks: Networks,
  { id }: Service,
  addresses: readonly NetworkAddress[],
): boolean {
  const places = findPlaces(networks, addresses);
  if (!places?.every(({ space, place }) => space.mayTakeVip(place, id))) return false;
  for (const { space, place } of places) space.takeVip(place, id);
  return true;
}

/** All but those that it keeps. */
export function giveBackOfService(
  networks: Networks,
  { id, addresses }: Service,
  changes: Changes,
  kept: readonly NetworkAddress[] = [],
): void {
  for (const { networkId, address } of addresses) {
    if (kept.some((other) => other.networkId === networkId && other.address === address)) continue;
    const network = networks.byId.get(networkId);
    const found = findPlace(network, address);
    if (!network || !found) continue;
    if (found.space.dropVip(found.place, id)) noteGivenBack(networks, network, changes);
  }
}

/** False when another node has the number, or this one has one. */
export function takeNumber({ nodeIdByNumber }: Networks, node: ClusterNode, number: number): boolean {
  if (node.number !== undefined || nodeIdByNumber.has(number)) return false;
  node.number = number;
  nodeIdByNumber.set(number, node.id);
  return true;
}

/** The node is no part of the cluster any more, and its tasks hold nothing. */
export function giveBackOfNode(networks: Networks, node: ClusterNode, changes: Changes): void {
  const { id, number } = node;
  networks.waiting.delete(id);
  if (number !== undefined) networks.nodeIdByNumber.delete(number);
  node.number = undefined;
  for (const network of networks.byId.values()) {
    for (const space of network.spaces) {
      if (space.blocksOf(id).length === 0) continue;
      space.dropBlocksOf(id);
      changes.networks.add(network.id);
    }
  }
}

function noteGivenBack(networks: Networks, network: Network, changes: Changes): void {
  changes.networks.add(network.id);
  if (network.removed && isIdle(network)) networks.emptied.add(network);
}

/** No service and no task holds anything of it. */
export function isIdle({ spaces }: Network): boolean {
  return spaces.every((space) => space.isIdle);
}

/** Undefined when one of them is no address of its network. */
function findPlaces(
  networks: Networks,
  addresses: readonly NetworkAddress[],
): Place<AddressSpace>[] | undefined {
  const places = addresses.flatMap(
    ({ networkId, address }) => findPlace(networks.byId.get(networkId), address) ?? [],
  );
  return places.length === addresses.length ? places : undefined;
}
