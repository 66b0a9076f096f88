// From a list of all that the backend has to what is known of each task.
import { RejectedError, type RunState } from '@muster/backends';
import { createEntry, seeAbsence, seeRun, type TaskEntry } from './task-entry.ts';

/** Tasks of which a list asked for now, and in which they are missing, says that they are gone. */
export function listExpected(entries: ReadonlyMap<string, TaskEntry>): ReadonlySet<string> {
  const expected = new Set<string>();
  for (const { id, busy, presence } of entries.values()) if (!busy && presence !== 'absent') expected.add(id);
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

/** Everything the backend has; what belongs to no task known here is kept too, and reported. */
export function seePicture(
  entries: Map<string, TaskEntry>,
  runs: readonly RunState[],
  expected: ReadonlySet<string>,
): void {
  const found = new Set<string>();
  for (const run of runs) {
    found.add(run.taskId);
    const entry = entries.get(run.taskId) ?? createEntry(run.taskId);
    entries.set(entry.id, entry);
    seeRun(entry, run);
  }
  for (const id of expected) {
    const entry = entries.get(id);
    if (entry && !found.has(id)) seeAbsence(entry);
  }
}
