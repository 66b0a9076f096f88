// So many tasks, wherever: the places are numbered slots (SwarmKit: manager/orchestrator/replicated).
import { countReplicas, TaskState } from '@muster/model';
import { isBlocked } from '../blocked.ts';
import { count, createTaskIn, desire, hasRoom, MAX_TASKS_PER_EVENT, type Plan } from '../plan.ts';
import { shouldRestart } from '../restart.ts';
import type { Mode } from './mode.ts';
import { chooseSlotsToRemove, findFreeSlots } from './slots.ts';

export const replicated: Mode = {
  isOff: (service) => service.occupiedSlots !== countReplicas(service.spec),
  removeSurplus: scaleDown,
  addMissing: scaleUp,
  whyNoOther: (task) => (shouldRestart(task) ? undefined : 'its restart policy asks for no other'),
};

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
  const replicas = countReplicas(service.spec);
  const missing = replicas - service.occupiedSlots;
  if (missing <= 0) return;
  let done = 0;
  for (const slot of findFreeSlots(service, Math.min(missing, MAX_TASKS_PER_EVENT))) {
    if (!hasRoom(plan)) break;
    // A slot given up a moment ago may still be stopping its last task.
    const desired = isBlocked(plan, service.slots.get(slot)) ? 'ready' : 'running';
    createTaskIn(plan, slot, { desired }, service.specSeq);
    done += 1;
  }
  plan.why.push(`scale up to ${count(replicas, 'replica')}: ${count(done, 'task')} created`);
}
