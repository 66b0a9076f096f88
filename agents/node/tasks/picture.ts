// From a list of all that the backend has to what is known of each task.
import { RejectedError, type RunState } from '@muster/backends';
import { createEntry, seeAbsence, seeRun, type TaskEntry, takeRun } from './task-entry.ts';

/** What is known when the backend is asked for all it has: the stamps of tasks, without those that it is at work on. */
export type Expected = ReadonlyMap<string, number | undefined>;

export function listExpected(entries: ReadonlyMap<string, TaskEntry>): Expected {
  const expected = new Map<string, number | undefined>();
  for (const { id, busy, stamp } of entries.values()) expected.set(id, busy ? undefined : stamp);
  return expected;
}

/** What carries another cluster's id is that one's to run and to end. What carries none may be ours, from before. */
export function isForeign(run: RunState, clusterId: string | undefined): boolean {
  return run.clusterId !== undefined && run.clusterId !== clusterId;
}

/** There is a task of this id, and it is not ours to touch. */
export class ForeignTaskError extends RejectedError {
  override readonly name = 'RejectedError';
  constructor({ taskId, clusterId }: RunState) {
    super(`there is a task ${taskId} of cluster ${clusterId} on this node already: it is left alone`);
  }
}

/**
 * Everything the backend has; what belongs to no task known here is kept too, and reported. The list says what is, of
 * tasks about which nothing else was heard since it was asked for.
 */
export function seePicture(
  entries: Map<string, TaskEntry>,
  runs: readonly RunState[],
  expected: Expected,
): void {
  const found = new Set<string>();
  const isStill = (entry: TaskEntry) => !entry.busy && expected.get(entry.id) === entry.stamp;
  for (const run of runs) {
    found.add(run.taskId);
    const known = entries.get(run.taskId);
    // Forgotten meanwhile.
    if (!known && expected.has(run.taskId)) continue;
    const entry = known ?? createEntry(run.taskId);
    entries.set(entry.id, entry);
    if (run.status !== 'unknown' && isStill(entry)) takeRun(entry, run);
    else seeRun(entry, run);
  }
  for (const id of expected.keys()) {
    const entry = entries.get(id);
    if (entry && entry.presence !== 'absent' && !found.has(id) && isStill(entry)) seeAbsence(entry);
  }
}
