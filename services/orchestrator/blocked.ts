// How long a task waits for those before it in its slot to stop.
import { isLive, isOver, type Slot } from '@muster/state';
import type { Plan } from './plan.ts';

/** A replacement waits at most this long for the old task to stop (SwarmKit: defaultOldTaskTimeout). */
const OLD_TASK_TIMEOUT_MS = 60_000;

/**
 * The time at which the tasks of the slot that are to stop no longer hold this one back; 0 when none does. A live one
 * never does: it is there because the update starts first.
 */
export function blockedUntil(slot: Slot | undefined): number {
  let until = 0;
  for (const task of slot?.tasks ?? []) {
    if (isLive(task) || isOver(task) || task.node?.status === 'down') continue;
    until = Math.max(until, task.desiredAt + OLD_TASK_TIMEOUT_MS);
  }
  return until;
}

export function isBlocked({ now }: Plan, slot: Slot | undefined): boolean {
  return blockedUntil(slot) > now;
}
