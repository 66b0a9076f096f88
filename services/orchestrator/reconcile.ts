// From what a service should be to what is done about it next: replace what died, scale, update, start what waited,
// forget what is over. One decision for the whole service, found from its indices: its cost is that of what changed.
import { countReplicas, TaskState } from '@muster/model';
import { isOver, type Service, type Task } from '@muster/state';
import { blockedUntil, isBlocked } from './blocked.ts';
import { describeFate, findCause, mustStopFirst, replacementStartsAt } from './leave.ts';
import {
  concludePlan,
  count,
  createTaskIn,
  desire,
  explainTask,
  hasRoom,
  MAX_TASKS_PER_EVENT,
  type Plan,
  startPlan,
  wakePlanAt,
} from './plan.ts';
import { reap } from './reap.ts';
import { shouldRestart } from './restart.ts';
import { chooseSlotsToRemove, findFreeSlots } from './scale.ts';
import { finishStartFirst, update } from './update.ts';

export interface Reconciliation {
  readonly event: ReturnType<typeof concludePlan>;
  /** When to look again though nothing changed; ms since the epoch. */
  readonly wakeAt: number | undefined;
}

/** `maxRecordBytes`: the event has no more. What there is no room for is decided next. */
export function reconcile(service: Service, now: number, maxRecordBytes: number): Reconciliation {
  const plan = startPlan(service, now, maxRecordBytes);
  if (!service.removed) {
    scaleDown(plan);
    replaceDead(plan);
    fillGaps(plan);
    finishStartFirst(plan);
    update(plan);
    scaleUp(plan);
    startWaiting(plan);
  }
  reap(plan);
  return { event: concludePlan(plan), wakeAt: plan.wakeAt };
}

function scaleDown(plan: Plan): void {
  const { service } = plan;
  const replicas = countReplicas(service.spec);
  if (service.occupiedSlots <= replicas) return;
  const removed = chooseSlotsToRemove(service, replicas);
  let done = 0;
  for (const { tasks } of removed) {
    if (!hasRoom(plan, tasks.length)) break;
    for (const task of tasks)
      if (task.desired < TaskState.REMOVE) desire(plan, task, 'remove', service.specSeq);
    done += 1;
  }
  plan.why.push(`scale down from ${service.occupiedSlots} to ${replicas}: ${count(done, 'slot')} removed`);
}

function scaleUp(plan: Plan): void {
  const { service } = plan;
  const missing = countReplicas(service.spec) - service.occupiedSlots;
  if (missing <= 0) return;
  let done = 0;
  for (const slot of findFreeSlots(service, Math.min(missing, MAX_TASKS_PER_EVENT))) {
    if (!hasRoom(plan)) break;
    // A slot given up a moment ago may still be stopping its last task.
    createTaskIn(
      plan,
      slot,
      { desired: isBlocked(plan, service.slots.get(slot)) ? 'ready' : 'running' },
      service.specSeq,
    );
    done += 1;
  }
  plan.why.push(
    `scale up to ${count(countReplicas(service.spec), 'replica')}: ${count(done, 'task')} created`,
  );
}

function replaceDead(plan: Plan): void {
  for (const task of plan.service.dead) {
    if (!hasRoom(plan)) return;
    if (!plan.touched.has(task.slot.number)) replaceTask(plan, task);
  }
}

function replaceTask(plan: Plan, task: Task): void {
  const { service, now } = plan;
  // One that ended while it waited for its start (an image that can't be had) does not cut the waiting short.
  if (task.startAt > now && task.slot.newestRow === task.row && isOver(task) && shouldRestart(task)) {
    wakePlanAt(plan, task.startAt);
    return;
  }
  const cause = findCause(task);
  desire(plan, task, 'shutdown', cause);
  const name = `${service.spec.name}.${task.slot.number}`;
  const fate = describeFate(task);
  if (task.slot.newestRow !== task.row) return;
  if (!shouldRestart(task)) {
    explainTask(plan, `${name} ${fate}; its restart policy asks for no other`);
    return;
  }
  const startAt = replacementStartsAt(task, now);
  const later = startAt > now;
  const desired = later || mustStopFirst(task) || isBlocked(plan, task.slot) ? 'ready' : 'running';
  createTaskIn(
    plan,
    task.slot.number,
    { desired, ...(later && { startAt }), replaces: task.id, cause: 'restart' },
    cause,
  );
  explainTask(plan, `${name} ${fate}; replaced${later ? ` after ${(startAt - now) / 1000} s` : ''}`);
}

/** Whoever stopped these has put nothing in their place, and will not. */
function fillGaps(plan: Plan): void {
  for (const slot of plan.service.gaps) {
    if (!hasRoom(plan)) return;
    const stopped = slot.newest;
    if (!stopped || plan.touched.has(slot.number) || !shouldRestart(stopped)) continue;
    const desired = isBlocked(plan, slot) ? 'ready' : 'running';
    createTaskIn(plan, slot.number, { desired, replaces: stopped.id }, stopped.commandSeq);
    explainTask(
      plan,
      `${plan.service.spec.name}.${slot.number} was stopped with nothing in its place; replaced`,
    );
  }
}

/** Tasks that wait for their time, or for the task before them to stop. */
function startWaiting(plan: Plan): void {
  const { service, now } = plan;
  let done = 0;
  for (const task of service.waiting) {
    if (!hasRoom(plan)) return;
    if (plan.touched.has(task.slot.number)) continue;
    const startAt = Math.max(task.startAt, blockedUntil(task.slot));
    if (startAt > now) {
      wakePlanAt(plan, startAt);
      continue;
    }
    desire(
      plan,
      task,
      'running',
      Math.max(task.createdSeq, ...task.slot.tasks.map((other) => other.statusSeq)),
    );
    done += 1;
  }
  if (done > 0) plan.why.push(`${count(done, 'task')} whose time has come`);
}

/** The services whose indices hold nothing to do need no look. */
export function needsReconciling(service: Service): boolean {
  if (service.reapable.size > 0 || service.crowded.size > 0) return true;
  if (service.removed) return false;
  return (
    service.occupiedSlots !== countReplicas(service.spec) ||
    service.dead.size > 0 ||
    service.waiting.size > 0 ||
    service.outdated.size > 0 ||
    service.doubled.size > 0 ||
    service.gaps.size > 0
  );
}
