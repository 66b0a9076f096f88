// Whether, and when, a slot gets another task after this one ended: SwarmKit's restart supervisor
// (manager/orchestrator/restart/restart.go). Its history is the slot's, so it survives every crash of ours.
import { nanosToMs, TaskState } from '@muster/model';
import type { Task } from '@muster/state';

export function shouldRestart(task: Task): boolean {
  const { condition, maxAttempts, window } = task.version.spec.restartPolicy;
  if (condition === 'none') return false;
  if (condition === 'on-failure' && task.observed === TaskState.COMPLETE) return false;
  if (maxAttempts === 0) return true;
  return countRestarts(task, nanosToMs(window)) < maxAttempts;
}

/** Restarts of the task's version in its slot: all of them, or those in the window before the task ended. */
function countRestarts(task: Task, windowMs: number): number {
  const { slot, version, observedAt } = task;
  if (slot.restartsOf !== version.seq) return 0;
  if (windowMs === 0) return slot.restartedAt.length;
  return slot.restartedAt.filter((time) => time > observedAt - windowMs && time <= observedAt).length;
}

/** As many restarts of a slot in as short a time are a crash loop. */
const LOOP_RESTARTS = 5;
const LOOP_WITHIN_MS = 10_000;
/** What a crash loop waits at least. SwarmKit has no such floor, and no log that remembers every turn of the loop. */
const LOOP_DELAY_MS = 1000;

export function restartDelayMs({ slot, version }: Task, now: number): number {
  const delayMs = nanosToMs(version.spec.restartPolicy.delay);
  const recent =
    slot.restartsOf === version.seq ? slot.restartedAt.filter((time) => time > now - LOOP_WITHIN_MS) : [];
  return recent.length >= LOOP_RESTARTS ? Math.max(delayMs, LOOP_DELAY_MS) : delayMs;
}
