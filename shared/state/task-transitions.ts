// The only places where a task changes, and where the indices follow it.

import { isTerminal, TaskState } from '@muster/model';
import type { Changes } from './changes.ts';
import type { RowSet } from './collections.ts';
import { isOutdated } from './outdated.ts';
import type { Slot } from './slot.ts';
import type { ClusterNode } from './state.ts';
import type { Task } from './task.ts';

/** SwarmKit's default task history: tasks remembered in each slot (api/defaults, TaskHistoryRetentionLimit). */
export const TASK_HISTORY_LIMIT = 5;

/** A live task is one that is meant to run. */
export function isLive(task: Pick<Task, 'desired'>): boolean {
  return task.desired <= TaskState.RUNNING;
}

export function setDesired(
  task: Task,
  desired: TaskState,
  seq: number,
  time: number,
  changes: Changes,
): boolean {
  if (desired <= task.desired) return false;
  leaveNode(task);
  task.desired = desired;
  task.desiredAt = time;
  task.commandSeq = seq;
  enterNode(task);
  if (desired === TaskState.REMOVE) vacate(task);
  indexTask(task, changes);
  return true;
}

export function setObserved(task: Task, observed: TaskState, time: number, changes: Changes): boolean {
  if (observed <= task.observed) return false;
  // Until it ends, its share of the node stays the same.
  if (isTerminal(observed)) leaveNode(task);
  task.observed = observed;
  task.observedAt = time;
  indexTask(task, changes);
  return true;
}

export function assignTask(task: Task, node: ClusterNode, seq: number, time: number, changes: Changes): void {
  task.node = node;
  task.observed = TaskState.ASSIGNED;
  task.observedAt = time;
  task.commandSeq = seq;
  node.tasks.add(task);
  enterNode(task);
  indexTask(task, changes);
}

/** A task that scaling down removes leaves its slot free, unless a newer one holds it. */
function vacate(task: Task): void {
  const { slot, service } = task;
  if (slot.occupied && slot.newestRow === task.row) {
    slot.occupied = false;
    service.occupiedSlots -= 1;
  }
}

/** Puts a task and its slot where the indices of the service say. Called after every change of it or its node's status. */
export function indexTask(task: Task, changes: Changes): void {
  const { service } = task;
  const live = isLive(task) && !service.removed;
  const ended = isTerminal(task.observed);
  member(service.dead, task, live && (ended || task.node?.status === 'down'));
  member(service.waiting, task, live && !ended && task.desired === TaskState.READY);
  member(service.pending, task, live && task.observed === TaskState.PENDING);
  member(service.reapable, task, task.desired === TaskState.REMOVE && isOver(task));
  indexSlot(task.slot);
  changes.tasks.add(task.id);
  changes.services.add(service.id);
  if (task.node) changes.nodes.add(task.node.id);
}

export function indexSlot(slot: Slot): void {
  const { newest, service } = slot;
  const held = newest !== undefined && slot.occupied && !service.removed;
  const doubled = held && hasTwoLive(newest);
  const runs = newest?.observed === TaskState.RUNNING && service.spec.updateConfig.delay === 0 && !doubled;
  member(service.outdated, slot, held && isOutdated(newest));
  member(service.settling, slot, held && slot.updatedTo === service.version.seq && isLive(newest) && !runs);
  member(service.doubled, slot, doubled);
  member(service.crowded, slot, isCrowded(newest));
}

function hasTwoLive(newest: Task): boolean {
  let live = 0;
  for (let task: Task | undefined = newest; task; task = task.older) if (isLive(task)) live += 1;
  return live > 1;
}

function isCrowded(newest: Task | undefined): boolean {
  let count = 0;
  let history = 0;
  for (let task = newest; task; task = task.older) {
    count += 1;
    if (isHistory(task)) history += 1;
  }
  return count > TASK_HISTORY_LIMIT && history > 0;
}

type TaskStates = Pick<Task, 'desired' | 'observed'>;

/** Ended, or never given to a node and not wanted any more: SwarmKit's task reaper (taskreaper/task_reaper.go). */
export function isHistory(task: TaskStates): boolean {
  return (
    isTerminal(task.observed) || (task.observed < TaskState.ASSIGNED && task.desired > TaskState.RUNNING)
  );
}

/** Nothing of the task runs anywhere. */
export function isOver(task: Pick<Task, 'observed'>): boolean {
  return isTerminal(task.observed) || task.observed < TaskState.ASSIGNED;
}

function member<View extends { readonly row: number }>(
  set: RowSet<View>,
  item: View,
  belongs: boolean,
): void {
  if (belongs) set.add(item);
  else set.delete(item);
}

/** Takes the task's share from the node's sums; enterNode puts it back as it then is. */
export function leaveNode(task: Task): void {
  count(task, -1);
}

export function enterNode(task: Task): void {
  count(task, 1);
}

function count(task: Task, sign: 1 | -1): void {
  const { node, service, version } = task;
  if (!node || isTerminal(task.observed)) return;
  const { reservations } = version.spec.resources;
  node.reserved.nanoCpus += sign * reservations.nanoCpus;
  node.reserved.memoryBytes += sign * reservations.memoryBytes;
  if (version.ports) for (const port of version.ports) addTo(node.hostPorts, hostPortKey(port), sign);
  if (task.desired > TaskState.COMPLETE) return;
  node.activeTasks += sign;
  addTo(node.activeByService, service.id, sign);
}

function addTo(counts: Map<string, number>, key: string, amount: number): void {
  const sum = (counts.get(key) ?? 0) + amount;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}

export function hostPortKey(port: { readonly publishedPort: number; readonly protocol: string }): string {
  return `${port.publishedPort}/${port.protocol}`;
}
