// Rolling updates: which outdated slots are next, what of them stops and what starts (SwarmKit: updater.go).
import { TaskState } from '@muster/model';
import {
  isLive,
  isOver,
  isPaused,
  isRollback,
  nameSlot,
  pacingOf,
  type Slot,
  type Task,
} from '@muster/state';
import { isBlocked } from '../blocked.ts';
import { count, createTaskIn, desire, explainTask, hasRoom, type Plan } from '../plan.ts';
import { lowestOutdated } from './outdated-slots.ts';
import { countFreeWorkers } from './pace.ts';

/** A start-first replacement that runs ends the task it replaces. */
export function finishStartFirst(plan: Plan): void {
  for (const slot of plan.service.doubled) {
    const newest = slot.newest!;
    if (newest.observed !== TaskState.RUNNING || plan.touched.has(slot.number)) continue;
    const { tasks } = slot;
    if (!hasRoom(plan, tasks.length)) return;
    for (const task of tasks) {
      if (task.row !== newest.row && isLive(task)) desire(plan, task, 'shutdown', newest.statusSeq);
    }
    explainTask(plan, `${nameSlot(slot)} runs its new task; the old one stops`);
  }
}

/** Replaces outdated slots, so many at a time as the update's parallelism allows. */
export function update(plan: Plan): void {
  const { service } = plan;
  if (service.outdated.size === 0 || isPaused(service)) return;
  const free = countFreeWorkers(plan);
  // As a rule: an update is asked at every step of every task.
  if (free <= 0) return;
  const { order } = pacingOf(service);
  let done = 0;
  for (const slot of lowestOutdated(service)) {
    if (done >= free) break;
    if (plan.touched.has(slot.number)) continue;
    const { tasks } = slot;
    if (!hasRoom(plan, tasks.length, slot.node)) break;
    updateSlot(plan, slot, tasks.filter(isLive), order);
    done += 1;
  }
  const what = isRollback(service) ? 'rollback' : 'update';
  if (done > 0) plan.why.push(`${what} to version ${service.version.seq}: ${count(done, 'slot')}, ${order}`);
}

function updateSlot(
  plan: Plan,
  slot: Slot,
  live: readonly Task[],
  order: 'stop-first' | 'start-first',
): void {
  const kept = order === 'start-first' ? findServing(live) : undefined;
  const stopped = live.filter((task) => task.row !== kept?.row);
  for (const task of stopped) desire(plan, task, 'shutdown', plan.service.specSeq);
  const waits = stopped.some((task) => !isOver(task)) || isBlocked(plan, slot);
  createTaskIn(
    plan,
    slot.number,
    { desired: waits ? 'ready' : 'running', replaces: slot.newest!.id, cause: 'update' },
    plan.service.specSeq,
  );
}

/** The task that serves until its replacement runs: one that runs, rather than one that an earlier update began. */
function findServing(live: readonly Task[]): Task | undefined {
  return (
    live.findLast((task) => task.observed === TaskState.RUNNING) ?? live.findLast((task) => !isOver(task))
  );
}
