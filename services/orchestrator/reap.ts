// Forgetting tasks that are over: those to be removed, and those beyond the history that is kept of each slot
// (SwarmKit's taskreaper). Not urgent: it waits a little and does many at once.
import { isHistory, isOver, TASK_HISTORY_LIMIT } from '@muster/state';
import { forget, hasRoom, type Plan, wakePlanAt } from './plan.ts';

/** SwarmKit: when 1000 are due, or after 250 ms. */
const REAP_BATCH = 1000;
const REAP_DELAY_MS = 250;

export function reap(plan: Plan): void {
  const { service, now } = plan;
  if (service.reapable.size === 0 && service.crowded.size === 0) return;
  let oldest = Number.POSITIVE_INFINITY;
  for (const task of service.reapable) oldest = Math.min(oldest, Math.max(task.observedAt, task.desiredAt));
  for (const slot of service.crowded) oldest = Math.min(oldest, slot.newest!.createdAt);
  const due = oldest + REAP_DELAY_MS;
  if (due > now && service.reapable.size < REAP_BATCH) {
    wakePlanAt(plan, due);
    return;
  }
  const before = plan.reaped.length;
  for (const task of service.reapable) {
    if (!hasRoom(plan)) break;
    if (!isOver(task)) continue;
    forget(plan, task, Math.max(task.statusSeq, task.commandSeq));
  }
  for (const slot of service.crowded) {
    let surplus = slot.tasks.length - TASK_HISTORY_LIMIT;
    for (const task of slot.tasks) {
      if (surplus <= 0 || !hasRoom(plan)) break;
      if (!isHistory(task) || service.reapable.has(task) || task.row === slot.newestRow) continue;
      forget(plan, task, slot.newest!.createdSeq);
      surplus -= 1;
    }
  }
  const reaped = plan.reaped.length - before;
  if (reaped > 0) plan.why.push(`${reaped} ${reaped === 1 ? 'task is' : 'tasks are'} over and forgotten`);
}
