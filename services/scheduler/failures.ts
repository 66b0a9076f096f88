// Nodes on which tasks of a version keep failing: they come last, but stay in use (SwarmKit's nodeinfo.go). Learnt
// from what the fold touched, so a copy that just started knows only what the task history still shows.
import { TaskState } from '@muster/model';
import type { Task, TaskVersion } from '@muster/state';

const WINDOW_MS = 5 * 60_000;
const MAX_FAILURES = 5;

export interface Failures {
  /** A task that changed; noted once when it has failed or was rejected. */
  note(task: Task): void;
  /** Recent failures of a version by node id, where they are many; undefined when there are none. */
  listFaulty(version: TaskVersion, now: number): ReadonlyMap<string, number> | undefined;
}

export function createFailures(): Failures {
  const noted = new WeakSet<Task>();
  const timesByNode = new WeakMap<TaskVersion, Map<string, number[]>>();
  return {
    note(task) {
      const { node, observed, version } = task;
      if (!node || (observed !== TaskState.FAILED && observed !== TaskState.REJECTED)) return;
      if (noted.has(task)) return;
      noted.add(task);
      const byNode = timesByNode.get(version) ?? new Map<string, number[]>();
      timesByNode.set(version, byNode);
      const times = byNode.get(node.id) ?? [];
      byNode.set(node.id, times);
      times.push(task.observedAt);
      forgetOld(times, task.observedAt);
    },
    listFaulty(version, now) {
      const byNode = timesByNode.get(version);
      if (!byNode) return undefined;
      const faulty = new Map<string, number>();
      for (const [nodeId, times] of byNode) {
        forgetOld(times, now);
        if (times.length === 0) byNode.delete(nodeId);
        if (times.length >= MAX_FAILURES) faulty.set(nodeId, times.length);
      }
      return faulty.size > 0 ? faulty : undefined;
    },
  };
}

/** Times come in the order of the log, so the oldest is the first. */
function forgetOld(times: number[], now: number): void {
  while (times.length > 0 && times[0]! <= now - WINDOW_MS) times.shift();
}
