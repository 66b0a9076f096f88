// From a list of all that the backend has to what is known of each task.
import type { RunState } from '@muster/backends';
import { createEntry, seeAbsence, seeRun, type TaskEntry } from './task-entry.ts';

/** Tasks of which a list asked for now, and in which they are missing, says that they are gone. */
export function listExpected(entries: ReadonlyMap<string, TaskEntry>): ReadonlySet<string> {
  const expected = new Set<string>();
  for (const { id, busy, presence } of entries.values()) if (!busy && presence !== 'absent') expected.add(id);
  return expected;
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
