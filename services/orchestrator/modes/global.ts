// A task on every node that is to have one (SwarmKit: manager/orchestrator/global). A place is a slot that belongs to a
// node; which nodes are still to get one, and which may have none, the fold knows by what changed: nothing is looked
// at here but those. A place is never given up: the task of a node that must be left is stopped, and its place rests.
import { mayFill, type Task } from '@muster/state';
import { isBlocked } from '../blocked.ts';
import { count, createTaskIn, hasRoom, MAX_TASKS_PER_EVENT, type Plan } from '../plan.ts';
import { shouldRestart } from '../restart.ts';
import type { Mode } from './mode.ts';
import { findFreeSlots } from './slots.ts';

export const global: Mode = {
  isOff: ({ uncovered }) => uncovered.size > 0,
  removeSurplus: () => undefined,
  addMissing: coverNodes,
  whyNoOther,
};

function coverNodes(plan: Plan): void {
  const { cluster, service } = plan;
  const missing = service.uncovered.size;
  if (missing === 0) return;
  const slots = findFreeSlots(service, Math.min(missing, MAX_TASKS_PER_EVENT)).values();
  let done = 0;
  for (const node of service.uncovered) {
    const slot = slots.next();
    if (slot.done || !hasRoom(plan, 1, node)) break;
    const desired = isBlocked(plan, service.slots.get(slot.value)) ? 'ready' : 'running';
    createTaskIn(plan, slot.value, { desired, node: node.id }, Math.max(service.specSeq, node.specSeq));
    done += 1;
  }
  const all = count(cluster.nodes.size, 'node');
  plan.why.push(`${count(missing, 'node')} of ${all} without a task: ${count(done, 'task')} created`);
}

function whyNoOther(task: Task): string | undefined {
  const { service, slot } = task;
  if (slot.node === undefined || !mayFill(service, slot.node)) return 'its node is to have no other';
  return shouldRestart(task) ? undefined : 'its restart policy asks for no other';
}
