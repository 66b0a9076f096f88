// Rolling updates: which outdated slots are next, what of them stops and what starts (SwarmKit: updater.go).
import { nanosToMs, TaskState } from '@muster/model';
import { isLive, isOver, nameSlot, type Slot, type Task } from '@muster/state';
import { isBlocked } from './blocked.ts';
import { count, createTaskIn, desire, explainTask, hasRoom, type Plan, wakePlanAt } from './plan.ts';

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
  if (service.outdated.size === 0) return;
  const { parallelism, order } = service.spec.updateConfig;
  const limit = parallelism === 0 ? Number.POSITIVE_INFINITY : parallelism;
  const room = limit - countSettling(plan);
  // As a rule: an update is asked at every step of every task.
  if (room <= 0) return;
  let done = 0;
  for (const slot of [...service.outdated].sort((a, b) => a.number - b.number)) {
    if (done >= room) break;
    if (plan.touched.has(slot.number)) continue;
    const { tasks } = slot;
    if (!hasRoom(plan, tasks.length, slot.node)) break;
    updateSlot(plan, slot, tasks.filter(isLive), order);
    done += 1;
  }
  if (done > 0) plan.why.push(`update to version ${service.version.seq}: ${count(done, 'slot')}, ${order}`);
}

/** Slots under update: not running yet, or not for the update's delay. */
function countSettling(plan: Plan): number {
  const delayMs = nanosToMs(plan.service.spec.updateConfig.delay);
  let busy = 0;
  for (const slot of plan.service.settling) {
    const newest = slot.newest!;
    if (newest.observed === TaskState.RUNNING) {
      const settledAt = newest.observedAt + delayMs;
      if (settledAt <= plan.now) continue;
      wakePlanAt(plan, settledAt);
    }
    busy += 1;
  }
  return busy;
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
