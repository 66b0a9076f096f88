// Whether a task has to leave its node, whatever it does there: the one statement of it.

import type { Task } from '../readonly.ts';
import { meetsConstraints } from '../services/outdated.ts';
import type { ServiceUpdate } from '../services/service-update.ts';

/**
 * `lost`: its node is down. `drained`: its node is to run nothing. `not allowed`: its node does not meet the constraints.
 * `no room`: its node has less than is reserved on it.
 */
export type LeaveReason = 'lost' | 'drained' | 'not allowed' | 'no room';

/** Of a task that belongs to a node before it is given to it, that node counts. */
export function mustLeave(task: Task): LeaveReason | undefined {
  const node = task.node ?? task.slot.node;
  if (node === undefined) return undefined;
  if (node.status === 'down') return 'lost';
  if (node.spec.availability === 'drain') return 'drained';
  if (!isAllowedOn(task)) return 'not allowed';
  return node.spec.availability === 'active' && node.evicted.has(task.id) ? 'no room' : undefined;
}

/**
 * SwarmKit's constraint enforcer (manager/orchestrator/constraintenforcer): the service's constraints win over the task's own
 * copy, and a paused node keeps what it has. While an update brings the constraints, it says when; but no update can bring
 * the task of a global service to another node.
 */
function isAllowedOn(task: Task): boolean {
  const { service, version } = task;
  const node = task.node ?? task.slot.node;
  if (node === undefined || node.spec.availability !== 'active') return true;
  const isReplaced = version !== service.version && !isDone(service.update);
  if (isReplaced && task.slot.node === undefined) return true;
  return meetsConstraints(service.version, node);
}

function isDone(update: ServiceUpdate | undefined): boolean {
  return update?.state === 'completed' || update?.state === 'rollback_completed';
}
