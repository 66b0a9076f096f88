// What a round gives to one node: the decision being composed.
import type { EventOf } from '@muster/events';
import type { Task } from '@muster/state';
import { filters } from '../filters/pipeline.ts';
import type { Group } from '../placing/group.ts';

export type Why = EventOf<'tasks.assigned'>['why'][number];

export interface Draft {
  readonly tasks: string[];
  readonly why: Why[];
  /** Most bytes that all of this takes in its event. */
  bytes: number;
  /** How many tasks each of the reasons is for. */
  readonly given: number[];
  /** The group that the last reason is for. */
  lastGroup: Group | undefined;
  /** The latest sequence that made one of the tasks: what the decision answers. */
  cause: number;
}

/** Of one character of any text. Agents choose the ids of nodes. */
const LARGEST_CHARACTER = 6;

export function createDraft(nodeId: string): Draft {
  const bytes = nodeId.length * LARGEST_CHARACTER;
  return { tasks: [], why: [], bytes, given: [], lastGroup: undefined, cause: 0 };
}

/** Why it is given the tasks of the group that follow. */
export function giveReason(draft: Draft, group: Group, why: Why): void {
  draft.lastGroup = group;
  draft.why.push(why);
  draft.given.push(0);
  draft.bytes += LARGEST_REASON;
}

/** One more, for the last reason. */
export function giveTask(draft: Draft, { id, createdSeq }: Task): void {
  draft.tasks.push(id);
  draft.bytes += TASK_BYTES;
  draft.given[draft.given.length - 1]! += 1;
  draft.cause = Math.max(draft.cause, createdSeq);
}

/** A reason as large as they get: what is refused is known when the last task has been given. */
const LARGEST_COUNT = 9_999_999_999;
export const LARGEST_REASON = sizeOfReason({
  serviceId: 'x'.repeat(25),
  considered: LARGEST_COUNT,
  refused: filters.map(({ name }) => ({ filter: name, nodes: LARGEST_COUNT })),
  serviceTasks: LARGEST_COUNT,
  totalTasks: LARGEST_COUNT,
});

/** With a comma. */
function sizeOfReason(reason: Why): number {
  return JSON.stringify(reason).length + 1;
}

/** Of a task's id, which is derived, with quotes and a comma. */
export const TASK_BYTES = 25 + '"",'.length;

export function countGiven({ why, given }: Draft, serviceId: string): number {
  let tasks = 0;
  for (let place = 0; place < why.length; place += 1) {
    if (why[place]!.serviceId === serviceId) tasks += given[place]!;
  }
  return tasks;
}
