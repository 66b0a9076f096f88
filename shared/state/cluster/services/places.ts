// The places of a global service are nodes: which of them are still to get one. A node's place is a slot that belongs to it.

import type { Service as ReadOnlyService, Slot as ReadOnlySlot } from '../readonly.ts';
import type { ClusterNode, ClusterState, Service } from '../state.ts';
import { isGlobal, mayFill } from './global-service.ts';
import { indexSlot, indexTask } from './service-indices.ts';
import type { Slot } from './slot.ts';

/** Puts the node where the index of the service says. */
export function indexPlace(service: Service, node: ClusterNode): void {
  if (!service.places.has(node.handle) && mayFill(service, node)) service.uncovered.add(node);
  else service.uncovered.delete(node);
}

/** Its constraints are others, or it is new. */
export function indexPlacesOf(state: ClusterState, service: Service): void {
  if (!isGlobal(service)) return;
  for (const node of state.nodes.values()) {
    indexPlace(service, node);
    indexTasksOn(service, node);
  }
}

/** A kind of backend came or went: by which of them there are it is known which nodes a task is for. */
export function indexAllPlaces(state: ClusterState, changed: (service: Service) => void): void {
  for (const service of state.globalServices) {
    indexPlacesOf(state, service);
    changed(service);
  }
}

/** What the node is, or what is wanted of it, is another. Calls `changed` with each service that may be concerned. */
export function indexPlacesOn(
  state: ClusterState,
  node: ClusterNode,
  changed: (service: Service) => void,
): void {
  for (const service of state.globalServices) {
    indexPlace(service, node);
    indexTasksOn(service, node);
    changed(service);
  }
}

function indexTasksOn(service: Service, node: ClusterNode): void {
  const slot = placeOn(service, node);
  for (let task = slot?.newest; task; task = task.older) indexTask(task);
}

/** Who may change the service may change the slot. */
export function placeOn(service: Service, node: Pick<ClusterNode, 'handle'>): Slot | undefined;
export function placeOn(
  service: ReadOnlyService,
  node: Pick<ClusterNode, 'handle'>,
): ReadOnlySlot | undefined;
export function placeOn(
  service: ReadOnlyService,
  node: Pick<ClusterNode, 'handle'>,
): ReadOnlySlot | undefined {
  const number = service.places.get(node.handle);
  return number === undefined ? undefined : service.slots.get(number);
}

/** From here on nobody else's tasks run in the slot. */
export function bindPlace(service: Service, slot: Slot, node: ClusterNode): void {
  slot.node = node;
  service.places.set(node.handle, slot.number);
  service.uncovered.delete(node);
}

/** The service is no more, and no node has a place of it. */
export function unbindAllPlaces(service: Service): void {
  for (const number of service.places.values()) service.slots.get(number)!.node = undefined;
  service.places.clear();
  service.uncovered.clear();
  service.resting.clear();
}

/** The node is no more: its slot is free for another. */
export function unbindPlace(service: Service, node: ClusterNode): void {
  const slot = placeOn(service, node);
  service.uncovered.delete(node);
  if (!slot) return;
  slot.node = undefined;
  service.places.delete(node.handle);
  service.resting.deleteRow(slot.row);
  if (slot.occupied) {
    slot.occupied = false;
    service.occupiedSlots -= 1;
  }
  indexSlot(slot);
}
