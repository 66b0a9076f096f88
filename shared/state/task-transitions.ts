// The only places where a task changes, and where the indices follow it.

import { isTerminal, TaskState } from '@muster/model';
import type { Changes } from './changes.ts';
import { isOutdated } from './outdated.ts';
import type { ClusterNode, Service, Slot, Task } from './state.ts';

/** SwarmKit's default task history: tasks remembered in each slot (api/defaults, TaskHistoryRetentionLimit). */
export const TASK_HISTORY_LIMIT = 5;

/** A live task is one that is meant to run. */
export function isLive(task: Task): boolean {
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
  node.tasks.set(task.id, task);
  enterNode(task);
  indexTask(task, changes);
}

/** A task that scaling down removes leaves its slot free, unless a newer one holds it. */
function vacate(task: Task): void {
  const { slot, service } = task;
  if (slot.occupied && slot.tasks.at(-1) === task) {
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
  indexSlot(task.slot, service);
  changes.tasks.add(task.id);
  changes.services.add(service.id);
  if (task.node) changes.nodes.add(task.node.id);
}

export function indexSlot(slot: Slot, service: Service): void {
  const newest = slot.tasks.at(-1);
  const held = newest !== undefined && slot.occupied && !service.removed;
  const doubled = held && hasTwoLive(slot.tasks);
  const runs = newest?.observed === TaskState.RUNNING && service.spec.updateConfig.delay === 0 && !doubled;
  member(service.outdated, slot, held && isOutdated(newest));
  member(service.settling, slot, held && slot.updatedTo === service.version.seq && isLive(newest) && !runs);
  member(service.doubled, slot, doubled);
  member(service.crowded, slot, slot.tasks.length > TASK_HISTORY_LIMIT && slot.tasks.some(isHistory));
}

function hasTwoLive(tasks: readonly Task[]): boolean {
  let live = 0;
  for (const task of tasks) if (isLive(task)) live += 1;
  return live > 1;
}

/** Ended, or never given to a node and not wanted any more: SwarmKit's task reaper (taskreaper/task_reaper.go). */
export function isHistory(task: Task): boolean {
  return (
    isTerminal(task.observed) || (task.observed < TaskState.ASSIGNED && task.desired > TaskState.RUNNING)
  );
}

/** Nothing of the task runs anywhere. */
export function isOver(task: Task): boolean {
  return isTerminal(task.observed) || task.observed < TaskState.ASSIGNED;
}

/** Most indices are empty most of the time, and asking for the size costs next to nothing. */
function member<T>(set: Set<T>, item: T, belongs: boolean): void {
  if (belongs) set.add(item);
  else if (set.size > 0) set.delete(item);
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
