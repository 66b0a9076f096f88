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

interface Failure {
  readonly taskId: string;
  readonly time: number;
}

export function createFailures(): Failures {
  /** By version and node id; the oldest first. */
  const failed = new WeakMap<TaskVersion, Map<string, Failure[]>>();
  return {
    note(task) {
      const { observed } = task;
      if (observed !== TaskState.FAILED && observed !== TaskState.REJECTED) return;
      const { node, version, id: taskId, observedAt: time } = task;
      if (!node) return;
      const byNode = failed.get(version) ?? new Map<string, Failure[]>();
      failed.set(version, byNode);
      const failures = byNode.get(node.id) ?? [];
      byNode.set(node.id, failures);
      insert(failures, { taskId, time });
      forgetOld(failures, failures.at(-1)!.time);
    },
    listFaulty(version, now) {
      const byNode = failed.get(version);
      if (!byNode) return undefined;
      const faulty = new Map<string, number>();
      for (const [nodeId, failures] of byNode) {
        forgetOld(failures, now);
        if (failures.length === 0) byNode.delete(nodeId);
        if (failures.length >= MAX_FAILURES) faulty.set(nodeId, failures.length);
      }
      return faulty.size > 0 ? faulty : undefined;
    },
  };
}

/** A task may be noted again, and at the start tasks come in no order. */
function insert(failures: Failure[], failure: Failure): void {
  if (failures.some(({ taskId }) => taskId === failure.taskId)) return;
  let place = failures.length;
  while (place > 0 && failures[place - 1]!.time > failure.time) place -= 1;
  failures.splice(place, 0, failure);
}

function forgetOld(failures: Failure[], now: number): void {
  while (failures.length > 0 && failures[0]!.time <= now - WINDOW_MS) failures.shift();
}
