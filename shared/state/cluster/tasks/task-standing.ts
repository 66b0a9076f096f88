// What two states of a task, the one that is wanted and the one that was seen, say together.
import { isTerminal, TaskState } from '@muster/model';
import type { Task } from './task.ts';

type TaskStates = Pick<Task, 'desired' | 'observed'>;

/** A live task is one that is meant to run. */
export function isLive(task: Pick<Task, 'desired'>): boolean {
  return task.desired <= TaskState.RUNNING;
}

/** Ended, or never given to a node and not wanted any more: SwarmKit's task reaper (taskreaper/task_reaper.go). */
export function isHistory(task: TaskStates): boolean {
  return (
    isTerminal(task.observed) || (task.observed < TaskState.ASSIGNED && task.desired > TaskState.RUNNING)
  );
}

/** New connections may be led to it. */
export function takesRequests({
  observed,
  desired,
  ready,
}: Pick<Task, 'observed' | 'desired' | 'ready'>): boolean {
  return observed === TaskState.RUNNING && desired === TaskState.RUNNING && ready;
}

/** Nothing of the task runs anywhere. */
export function isOver(task: Pick<Task, 'observed'>): boolean {
  return isTerminal(task.observed) || task.observed < TaskState.ASSIGNED;
}
