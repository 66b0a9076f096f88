// The only places where a task changes, and where its node's sums, the indices and `changes` follow it.

import { isTerminal, type Port, TaskState } from '@muster/model';
import { hostPortKey } from '../cluster/publishers.ts';
import { indexTask } from '../cluster/services/service-indices.ts';
import type { Slot } from '../cluster/services/slot.ts';
import type { ClusterNode, Service } from '../cluster/state.ts';
import type { Task } from '../cluster/tasks/task.ts';
import type { Changes } from './changes.ts';
import { followNetworks } from './hold-addresses.ts';
import { noteOfUpdate } from './update-progress.ts';

export function setDesired(
  task: Task,
  desired: TaskState,
  seq: number,
  time: number,
  changes: Changes,
): boolean {
  const before = task.desired;
  if (desired <= before) return false;
  if (before <= TaskState.COMPLETE && desired > TaskState.COMPLETE) leaveActive(task);
  task.desired = desired;
  task.desiredAt = time;
  task.commandSeq = seq;
  if (desired === TaskState.REMOVE) vacate(task, task.slot);
  indexTask(task);
  if (desired > TaskState.RUNNING) followNetworks(task, changes);
  noteTask(task, changes);
  return true;
}

export function setObserved(
  task: Task,
  observed: TaskState,
  seq: number,
  time: number,
  changes: Changes,
): boolean {
  const before = task.observed;
  if (observed <= before) return false;
  if (observed >= TaskState.RUNNING) noteOfUpdate(task, observed, { seq, time });
  // Until it ends, its share of the node stays the same.
  if (isTerminal(observed)) leaveNode(task);
  task.observed = observed;
  task.observedAt = time;
  // No index tells one step of its way to RUNNING from another.
  if (before < TaskState.ASSIGNED || observed >= TaskState.RUNNING) indexTask(task);
  if (before === TaskState.ASSIGNED || isTerminal(observed)) followNetworks(task, changes);
  noteTask(task, changes);
  return true;
}

/** Whether it is to be sent anything while it runs. */
export function setReady(task: Task, ready: boolean, changes: Changes): boolean {
  if (task.ready === ready) return false;
  task.ready = ready;
  noteTask(task, changes);
  return true;
}

export function assignTask(task: Task, node: ClusterNode, seq: number, time: number, changes: Changes): void {
  task.node = node;
  task.observed = TaskState.ASSIGNED;
  task.observedAt = time;
  task.commandSeq = seq;
  node.tasks.add(task);
  enterNode(task);
  indexTask(task);
  followNetworks(task, changes);
  noteTask(task, changes);
}

export function noteTask(task: Task, changes: Changes): void {
  const { node } = task;
  changes.tasks.add(task.id);
  changes.services.add(task.service.id);
  if (node) changes.nodes.add(node.id);
}

/** A task that scaling down removes leaves its slot free, unless a newer one holds it. */
export function vacate(task: Task, slot: Slot): void {
  if (slot.occupied && slot.newestRow === task.row) {
    slot.occupied = false;
    slot.service.occupiedSlots -= 1;
  }
}

/** Takes the task's share from the node's sums; enterNode puts it back as it then is. */
export function leaveNode(task: Task): void {
  count(task, -1);
}

export function enterNode(task: Task): void {
  count(task, 1);
}

const noPorts: readonly Port[] = [];

function count(task: Task, sign: 1 | -1): void {
  const { node, service, version } = task;
  if (!node || isTerminal(task.observed)) return;
  const { reservations } = version;
  node.reserved.nanoCpus += sign * reservations.nanoCpus;
  node.reserved.memoryBytes += sign * reservations.memoryBytes;
  for (const port of version.ports ?? noPorts)
    if (port.publishMode === 'host') addTo(node.hostPorts, hostPortKey(port), sign);
  if (task.desired <= TaskState.COMPLETE) countActive(node, service, sign);
}

/** What it holds of its node it holds until it ends; but it isn't one of those that are to run there any more. */
function leaveActive(task: Task): void {
  const { node } = task;
  if (node && !isTerminal(task.observed)) countActive(node, task.service, -1);
}

function countActive(node: ClusterNode, service: Service, sign: 1 | -1): void {
  node.activeTasks += sign;
  addTo(node.activeByService, service.id, sign);
}

function addTo(counts: Map<string, number>, key: string, amount: number): void {
  const sum = (counts.get(key) ?? 0) + amount;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
