// Which tasks a node has no room for, when it has less than before: a law here, as no event says it. SwarmKit's constraint
// enforcer looks at tasks in any order; here those that came first stay.
import { isTerminal } from '@muster/model';
import type { ClusterNode } from '../state.ts';
import { mustLeave } from './must-leave.ts';
import type { Task } from './task.ts';
import { isLive } from './task-standing.ts';

const nobody: ReadonlySet<string> = new Set();

/** Says anew which tasks have to leave for want of room. Those that leave anyway make room. */
export function evict(node: ClusterNode): void {
  node.evicted = nobody;
  const { nanoCpus, memoryBytes } = node.description.resources;
  // Hardly ever: only then is the order of interest.
  if (node.reserved.nanoCpus <= nanoCpus && node.reserved.memoryBytes <= memoryBytes) return;
  node.evicted = new Set(listBeyond(node));
}

function* listBeyond({ description, tasks }: ClusterNode): Generator<string> {
  let { nanoCpus, memoryBytes } = description.resources;
  for (const task of tasks.values()) {
    if (!counts(task)) continue;
    const { reservations } = task.version;
    if (reservations.nanoCpus > nanoCpus || reservations.memoryBytes > memoryBytes) {
      yield task.id;
      continue;
    }
    nanoCpus -= reservations.nanoCpus;
    memoryBytes -= reservations.memoryBytes;
  }
}

function counts(task: Task): boolean {
  return isLive(task) && !isTerminal(task.observed) && mustLeave(task) === undefined;
}
