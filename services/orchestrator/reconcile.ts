// From what a service should be to what is done about it next: replace what died, scale, update, start what waited,
// forget what is over. One decision for the whole service, found from its indices: its cost is that of what changed.
import { countReplicas, nanosToMs, TaskState } from '@muster/model';
import { isLive, isOver, type Service, type Slot, type Task } from '@muster/state';
import {
  concludePlan,
  createTaskIn,
  desire,
  hasRoom,
  MAX_TASKS_PER_EVENT,
  type Plan,
  startPlan,
  wakePlanAt,
} from './plan.ts';
import { reap } from './reap.ts';
import { restartDelayMs, shouldRestart } from './restart.ts';
import { chooseSlotsToRemove, findFreeSlots } from './scale.ts';

/** A replacement waits at most this long for the old task to stop (SwarmKit: defaultOldTaskTimeout). */
const OLD_TASK_TIMEOUT_MS = 60_000;

export interface Reconciliation {
  readonly event: ReturnType<typeof concludePlan>;
  /** When to look again though nothing changed; ms since the epoch. */
  readonly wakeAt: number | undefined;
}

export function reconcile(service: Service, now: number): Reconciliation {
  const plan = startPlan(service, now);
  if (!service.removed) {
    scaleDown(plan);
    replaceDead(plan);
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
  const occupied = [...service.slots.values()].filter((slot) => slot.occupied);
  const removed = chooseSlotsToRemove(occupied, replicas);
  let done = 0;
  for (const slot of removed) {
    if (!hasRoom(plan)) break;
    for (const task of slot.tasks)
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
  if (task.startAt > now && task.slot.tasks.at(-1) === task && isOver(task) && shouldRestart(task)) {
    wakePlanAt(plan, task.startAt);
    return;
  }
  const lostNode = task.node?.status === 'down' && !isOver(task);
  const cause = Math.max(task.statusSeq, task.commandSeq);
  desire(plan, task, 'shutdown', cause);
  const name = `${service.spec.name}.${task.slot.number}`;
  const fate = lostNode ? `is on node ${task.node?.description.hostname} that is down` : describeEnd(task);
  if (task.slot.tasks.at(-1) !== task) return;
  if (!shouldRestart(task)) {
    plan.why.push(`${name} ${fate}; its restart policy asks for no other`);
    return;
  }
  const startAt = now + restartDelayMs(task, now);
  const later = startAt > now;
  const desired = later || isBlocked(plan, task.slot) ? 'ready' : 'running';
  createTaskIn(
    plan,
    task.slot.number,
    { desired, ...(later && { startAt }), replaces: task.id, cause: 'restart' },
    cause,
  );
  plan.why.push(`${name} ${fate}; replaced${later ? ` after ${(startAt - now) / 1000} s` : ''}`);
}

function describeEnd(task: Task): string {
  if (task.observed === TaskState.COMPLETE) return 'completed';
  return `ended${task.err ? `: ${task.err}` : ''}`;
}

/** A start-first replacement that runs ends the task it replaces. */
function finishStartFirst(plan: Plan): void {
  for (const slot of plan.service.doubled) {
    const newest = slot.tasks.at(-1)!;
    if (newest.observed !== TaskState.RUNNING || plan.touched.has(slot.number)) continue;
    for (const task of slot.tasks) {
      if (task !== newest && isLive(task)) desire(plan, task, 'shutdown', newest.statusSeq);
    }
    plan.why.push(`${plan.service.spec.name}.${slot.number} runs its new task; the old one stops`);
  }
}

/** Replaces outdated slots, so many at a time as the update's parallelism allows. */
function update(plan: Plan): void {
  const { service } = plan;
  if (service.outdated.size === 0) return;
  const { parallelism, order } = service.spec.updateConfig;
  const limit = parallelism === 0 ? Number.POSITIVE_INFINITY : parallelism;
  let busy = countSettling(plan);
  let done = 0;
  for (const slot of [...service.outdated].sort((a, b) => a.number - b.number)) {
    if (busy >= limit || !hasRoom(plan)) break;
    if (plan.touched.has(slot.number)) continue;
    updateSlot(plan, slot, order);
    busy += 1;
    done += 1;
  }
  if (done > 0) plan.why.push(`update to version ${service.version.seq}: ${count(done, 'slot')}, ${order}`);
}

/** Slots under update: not running yet, or not for the update's delay. */
function countSettling(plan: Plan): number {
  const delayMs = nanosToMs(plan.service.spec.updateConfig.delay);
  let busy = 0;
  for (const slot of plan.service.settling) {
    const newest = slot.tasks.at(-1)!;
    if (newest.observed === TaskState.RUNNING) {
      const settledAt = newest.observedAt + delayMs;
      if (settledAt <= plan.now) continue;
      wakePlanAt(plan, settledAt);
    }
    busy += 1;
  }
  return busy;
}

function updateSlot(plan: Plan, slot: Slot, order: 'stop-first' | 'start-first'): void {
  const live = slot.tasks.filter(isLive);
  const kept = order === 'start-first' ? findServing(live) : undefined;
  const stopped = live.filter((task) => task !== kept);
  for (const task of stopped) desire(plan, task, 'shutdown', plan.service.specSeq);
  const waits = stopped.some((task) => !isOver(task)) || isBlocked(plan, slot);
  createTaskIn(
    plan,
    slot.number,
    { desired: waits ? 'ready' : 'running', replaces: slot.tasks.at(-1)!.id, cause: 'update' },
    plan.service.specSeq,
  );
}

/** The task that serves until its replacement runs: one that runs, rather than one that an earlier update began. */
function findServing(live: readonly Task[]): Task | undefined {
  return (
    live.findLast((task) => task.observed === TaskState.RUNNING) ?? live.findLast((task) => !isOver(task))
  );
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

/**
 * The time at which the tasks of the slot that are to stop no longer hold this one back; 0 when none does. A live one
 * never does: it is there because the update starts first.
 */
function blockedUntil(slot: Slot | undefined): number {
  let until = 0;
  for (const task of slot?.tasks ?? []) {
    if (isLive(task) || isOver(task) || task.node?.status === 'down') continue;
    until = Math.max(until, task.desiredAt + OLD_TASK_TIMEOUT_MS);
  }
  return until;
}

function isBlocked({ now }: Plan, slot: Slot | undefined): boolean {
  return blockedUntil(slot) > now;
}

export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
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
    service.doubled.size > 0
  );
}
