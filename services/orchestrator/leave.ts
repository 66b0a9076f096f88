// What becomes of a task that has to leave its node, though it has not ended: SwarmKit's restart supervisor once more
// (manager/orchestrator/restart/restart.go), and its constraint enforcer.
import { isTerminal, TaskState } from '@muster/model';
import { isOver, type LeaveReason, mustLeave, type Task } from '@muster/state';
import { restartDelayMs } from './restart.ts';

/** Of a task that must be replaced, or that is to stop with nothing in its place: what has become of it, in words. */
export function describeFate(task: Task): string {
  const hostname = (task.node ?? task.slot.node)?.description.hostname;
  const reason = reasonToLeave(task);
  if (reason) return `is on node ${hostname} that ${words[reason]}`;
  if (task.node?.removed && task.observed === TaskState.ORPHANED)
    return `was on node ${hostname} that is removed`;
  if (task.observed === TaskState.COMPLETE) return 'completed';
  return `ended${task.err ? `: ${task.err}` : ''}`;
}

const words: Readonly<Record<LeaveReason, string>> = {
  lost: 'is down',
  drained: 'is drained',
  'not allowed': 'no longer meets its constraints',
  'no room': 'has no room for it any more',
};

/** What its end, or what was last wanted of its node, stands in the log as. */
export function findCause(task: Task): number {
  const reason = reasonToLeave(task);
  const node = reason === undefined || reason === 'lost' ? undefined : (task.node ?? task.slot.node);
  return Math.max(task.statusSeq, task.commandSeq, node?.specSeq ?? 0);
}

/**
 * When the task in its place may start. Who is sent away for a drained node has done nothing wrong, and does not wait; but
 * what an earlier failure has still to wait, it waits.
 */
export function replacementStartsAt(task: Task, now: number): number {
  if (reasonToLeave(task) === 'drained') return Math.max(now, task.startAt);
  return now + restartDelayMs(task, now);
}

/** Whether it may still run where it is, so that the one in its place waits for it. Nobody waits for a node that is down. */
export function mustStopFirst(task: Task): boolean {
  return !isOver(task) && task.node?.status !== 'down';
}

/** What has ended leaves nothing any more. */
function reasonToLeave(task: Task): LeaveReason | undefined {
  return isTerminal(task.observed) ? undefined : mustLeave(task);
}
