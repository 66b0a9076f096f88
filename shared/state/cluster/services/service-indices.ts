// Which tasks and slots of a service somebody has something to decide about: the indices, and the rules of membership.
import { isTerminal, TaskState } from '@muster/model';
import type { RowSet } from '../collections.ts';
import { mustLeave } from '../tasks/must-leave.ts';
import type { Task } from '../tasks/task.ts';
import { isCrowded } from '../tasks/task-history.ts';
import { isHistory, isLive, isOver } from '../tasks/task-standing.ts';
import { mayFill } from './global-service.ts';
import { isOutdated } from './outdated.ts';
import type { Slot } from './slot.ts';

/** Puts a task and its slot where the indices of the service say. Called after every change that they may go by. */
export function indexTask(task: Task): void {
  const { service, row, observed, desired } = task;
  const live = desired <= TaskState.RUNNING && !service.removed;
  const ended = isTerminal(observed);
  member(service.dead, row, live && (ended ? mayBeFilled(task.slot) : mustLeave(task) !== undefined));
  member(service.waiting, row, live && !ended && desired === TaskState.READY);
  member(service.pending, row, live && observed === TaskState.PENDING);
  member(service.reapable, row, desired === TaskState.REMOVE && isOver(task));
  indexSlot(task.slot);
}

export function indexSlot(slot: Slot): void {
  const { newest, service, row } = slot;
  const held = newest !== undefined && slot.occupied && !service.removed;
  const { live, crowded } = newest === undefined ? none : countTasks(newest);
  const doubled = held && live > 1;
  const open = mayBeFilled(slot);
  member(service.outdated, row, held && open && isOutdated(newest));
  member(service.settling, row, held && isSettling(slot, newest));
  member(service.doubled, row, doubled);
  member(service.crowded, row, crowded);
  member(service.gaps, row, held && open && isStopped(newest));
  if (!slot.node) return;
  member(service.resting, row, held && !open && (!isLive(newest) || isTerminal(newest.observed)));
}

/** The task that an update put there has neither come to run nor ended. What is put in its place later is no part of it. */
function isSettling({ service, updatedTo }: Slot, newest: Task): boolean {
  if (updatedTo !== service.version.seq || newest.cause !== 'update') return false;
  return isLive(newest) && newest.observed < TaskState.RUNNING;
}

/** In a global service, whose places are nodes, one that is paused keeps what it has. */
export function mayBeFilled({ service, node }: Slot): boolean {
  return node === undefined || mayFill(service, node);
}

/** It was told to stop before it had ended: an orchestrator that decides so puts another in its place. */
function isStopped(newest: Task): boolean {
  return !isLive(newest) && !(isTerminal(newest.observed) && newest.observedAt <= newest.desiredAt);
}

const none = { live: 0, crowded: false };

/** How many of a slot's tasks are live, and whether there is more history than is kept. */
function countTasks(newest: Task): { readonly live: number; readonly crowded: boolean } {
  let count = 0;
  let live = 0;
  let history = 0;
  for (let task: Task | undefined = newest; task; task = task.older) {
    count += 1;
    if (isLive(task)) live += 1;
    if (isHistory(task)) history += 1;
  }
  return { live, crowded: isCrowded(count, history) };
}

function member<View extends { readonly row: number }>(
  set: RowSet<View>,
  row: number,
  belongs: boolean,
): void {
  if (belongs) set.addRow(row);
  else set.deleteRow(row);
}
