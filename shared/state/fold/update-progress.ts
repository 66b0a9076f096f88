// What becomes of an update of a service. What counts as a failure is a law here, as no event says it: SwarmKit's updater
// (manager/orchestrator/update/updater.go) counts the same, in memory.
import { isTerminal, TaskState } from '@muster/model';
import { isUnderWay, monitorMs, pacingOf, type UpdateState } from '../cluster/service-update.ts';
import type { Service } from '../cluster/state.ts';
import type { Task } from '../cluster/task.ts';
import { isLive } from '../cluster/task-standing.ts';

/** Once it is known what there is to replace. Logs of the first wire version tell of none. */
export function beginUpdate(service: Service, state: UpdateState, message: string, time: number): void {
  const total = service.outdated.size;
  service.update = { state, message, startedAt: time, total, failed: 0, settledAt: time };
}

/** A task that an update made has come to run, or has ended. */
export function noteOfUpdate(task: Task, observed: TaskState, seq: number, time: number): void {
  const { service } = task;
  const { update } = service;
  if (!update || task.cause !== 'update' || task.version !== service.version || !isUnderWay(service)) return;
  const ran = task.observed === TaskState.RUNNING;
  if (!ran) service.update = { ...update, settledAt: time };
  if (!isTerminal(observed) || !isLive(task)) return;
  if (ran && time - task.observedAt > monitorMs(pacingOf(service))) return;
  service.update = {
    ...service.update!,
    failed: update.failed + 1,
    failedTask: { id: task.id, seq },
  };
}
