// What becomes of an update of a service. What counts as a failure is a law here, as no event says it: SwarmKit's updater
// (manager/orchestrator/update/updater.go) counts the same, in memory.
import { countReplicas, isTerminal, nanosToMs, TaskState } from '@muster/model';
import { isGlobal } from '../cluster/services/global-service.ts';
import { isUnderWay, lastWatchOf, pacingOf, type ServiceUpdate } from '../cluster/services/service-update.ts';
import type { Service } from '../cluster/state.ts';
import type { Task } from '../cluster/tasks/task.ts';
import { isLive } from '../cluster/tasks/task-standing.ts';

interface Moment {
  readonly seq: number;
  readonly time: number;
}

/** Once it is known what there is to replace. Logs of the first wire version tell of none. */
export function beginUpdate(
  service: Service,
  said: Pick<ServiceUpdate, 'state' | 'message' | 'startedAt'>,
  { seq, time }: Moment,
): void {
  const total = countToReplace(service);
  service.update = { ...said, total, failed: 0, settledAt: time, settledSeq: seq, settled: [] };
}

/** Where there are fewer places from here on, those that go are not replaced first. */
export function countToReplace(service: Service): number {
  const { size } = service.outdated;
  return isGlobal(service) ? size : Math.min(size, countReplicas(service.spec));
}

/** A task comes to run, or ends. Of those that the update under way has made it remembers when they did, and how many failed. */
export function noteOfUpdate(task: Task, observed: TaskState, moment: Moment): void {
  const { service } = task;
  const { update } = service;
  if (!update || !isMadeBy(service, task)) return;
  const settled = task.observed < TaskState.RUNNING ? noteSettled(service, update, moment) : update;
  const failed = isTerminal(observed) && isLive(task) && isUnderWay(service) && isTooSoon(task, moment.time);
  service.update = failed ? noteFailed(settled, task, moment) : settled;
}

/** One that was made before the spec was set again is no part of the update to that. */
function isMadeBy({ version, specSeq }: Service, task: Task): boolean {
  return task.cause === 'update' && task.version === version && task.createdSeq > specSeq;
}

function noteSettled(service: Service, update: ServiceUpdate, { seq, time }: Moment): ServiceUpdate {
  const { parallelism, delay } = pacingOf(service);
  // Where all are replaced at once, none waits for another.
  const isAskedFor = delay > 0 && parallelism > 0 && parallelism < update.total;
  const settled = isAskedFor ? [...update.settled, time].slice(-parallelism) : update.settled;
  return { ...update, settledAt: time, settledSeq: seq, settled };
}

function noteFailed(update: ServiceUpdate, { id }: Task, { seq }: Moment): ServiceUpdate {
  return { ...update, failed: update.failed + 1, failedTask: { id, seq } };
}

/** Before it ran; or within the time for which it is watched: once there is nothing left to replace, for longer than the delay. */
function isTooSoon({ service, observed, observedAt }: Task, now: number): boolean {
  if (observed < TaskState.RUNNING) return true;
  const pacing = pacingOf(service);
  const watched = service.outdated.size === 0 ? lastWatchOf(pacing) : pacing.monitor;
  return now - observedAt <= nanosToMs(watched);
}
