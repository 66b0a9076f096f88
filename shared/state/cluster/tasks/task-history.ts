// How many tasks a slot remembers: a law, as an index of the fold goes by it, so that nobody walks through slots to find those with
// too many. It forgets nothing by itself: which tasks go, and when, is decided by an orchestrator (services/orchestrator/reap.ts)
// and stands in the log. A limit that can be set would be the cluster's, and in the log as well.

/** SwarmKit's default (api/defaults, TaskHistoryRetentionLimit). */
export const TASK_HISTORY_LIMIT = 5;

/** `history`: how many of the slot's tasks could be forgotten. */
export function isCrowded(tasks: number, history: number): boolean {
  return tasks > TASK_HISTORY_LIMIT && history > 0;
}
