// From what a service should be to what is done about it next: replace what died, scale, update, start what waited,
// forget what is over. One decision for the whole service, found from its indices: its cost is that of what changed.
import { isOver, isPaused, isUnderWay, nameSlot, type Service, type Task } from '@muster/state';
import { blockedUntil, isBlocked } from './blocked.ts';
import { describeFate, findCause, mustStopFirst, replacementStartsAt } from './leave.ts';
import { modeFor } from './modes/modes.ts';
import {
  type ClusterView,
  concludePlan,
  count,
  createTaskIn,
  desire,
  explainTask,
  hasRoom,
  type Plan,
  startPlan,
  wakePlanAt,
} from './plan.ts';
import { reap } from './reap.ts';
import { decideUpdate } from './update/decide-update.ts';
import { finishStartFirst, update } from './update/update-slots.ts';

export interface Reconciliation {
  readonly event: ReturnType<typeof concludePlan>;
  /** When to look again though nothing changed; ms since the epoch. */
  readonly wakeAt: number | undefined;
}

/** `maxRecordBytes`: the event has no more. What there is no room for is decided next. */
export function reconcile(
  cluster: ClusterView,
  service: Service,
  now: number,
  maxRecordBytes: number,
): Reconciliation {
  const updating = decideUpdate(service, now);
  if (updating.event) return updating;
  const plan = startPlan(cluster, service, now, maxRecordBytes);
  plan.wakeAt = updating.wakeAt;
  const mode = modeFor(service);
  if (!service.removed) {
    mode.removeSurplus(plan);
    finishStartFirst(plan);
    // Before the dead are replaced: what an update has its turn with waits for no restart delay.
    update(plan);
    replaceDead(plan);
    fillGaps(plan);
    mode.addMissing(plan);
    startWaiting(plan);
  }
  reap(plan);
  return { event: concludePlan(plan), wakeAt: plan.wakeAt };
}

function replaceDead(plan: Plan): void {
  for (const task of plan.service.dead) {
    if (!hasRoom(plan, 1, task.slot.node)) return;
    if (!plan.touched.has(task.slot.number)) replaceTask(plan, task);
  }
}

function replaceTask(plan: Plan, task: Task): void {
  const { service, now } = plan;
  const whyNoOther = modeFor(service).whyNoOther(task);
  // One that ended while it waited for its start (an image that can't be had) does not cut the waiting short.
  if (task.startAt > now && task.slot.newestRow === task.row && isOver(task) && whyNoOther === undefined) {
    wakePlanAt(plan, task.startAt);
    return;
  }
  const cause = findCause(task);
  desire(plan, task, 'shutdown', cause);
  const name = nameSlot(task.slot);
  const fate = describeFate(task);
  if (task.slot.newestRow !== task.row) return;
  if (whyNoOther !== undefined) {
    explainTask(plan, `${name} ${fate}; ${whyNoOther}`);
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
  const mode = modeFor(plan.service);
  for (const slot of plan.service.gaps) {
    if (!hasRoom(plan, 1, slot.node)) return;
    const stopped = slot.newest;
    if (!stopped || plan.touched.has(slot.number) || mode.whyNoOther(stopped) !== undefined) continue;
    const desired = isBlocked(plan, slot) ? 'ready' : 'running';
    createTaskIn(plan, slot.number, { desired, replaces: stopped.id }, stopped.commandSeq);
    explainTask(plan, `${nameSlot(slot)} was stopped with nothing in its place; replaced`);
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
    modeFor(service).isOff(service) ||
    service.dead.size > 0 ||
    service.waiting.size > 0 ||
    (service.outdated.size > 0 && !isPaused(service)) ||
    isUnderWay(service) ||
    service.doubled.size > 0 ||
    service.gaps.size > 0
  );
}
