// How many slots an update may replace now: as SwarmKit's workers, each of which takes a slot, waits until its new task runs
// or has ended, and then for the delay.
import { nanosToMs, TaskState } from '@muster/model';
import { pacingOf, type Service, type Slot } from '@muster/state';
import { type Plan, wakePlanAt } from '../plan.ts';

export function countFreeWorkers(plan: Plan): number {
  const { service } = plan;
  const { parallelism, delay } = pacingOf(service);
  if (parallelism === 0) return Number.POSITIVE_INFINITY;
  const busy = service.settling.size;
  if (busy >= parallelism || delay === 0) return parallelism - busy;
  return parallelism - busy - countResting(plan, nanosToMs(delay));
}

/** Those whose slot has settled within the delay. */
function countResting(plan: Plan, delayMs: number): number {
  const { service, now } = plan;
  let resting = 0;
  for (const settledAt of service.update?.settled ?? listSettled(service)) {
    const restsUntil = settledAt + delayMs;
    if (restsUntil <= now) continue;
    wakePlanAt(plan, restsUntil);
    resting += 1;
  }
  return resting;
}

/** Of an update that the log says nothing of, as at the first wire version: found in its slots. */
function* listSettled(service: Service): Generator<number> {
  for (const slot of service.slots.values()) {
    if (slot.updatedTo !== service.version.seq) continue;
    const updated = findUpdated(slot);
    if (updated !== undefined && updated.observed >= TaskState.RUNNING) yield updated.observedAt;
  }
}

function findUpdated({ tasks, service }: Slot) {
  return tasks.findLast(({ cause, version }) => cause === 'update' && version === service.version);
}
