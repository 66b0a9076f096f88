// What a round gives to one node: the decision being composed.
import type { EventOf } from '@muster/events';
import type { Group } from './group.ts';

export type Why = EventOf<'tasks.assigned'>['why'][number];

export interface Draft {
  readonly tasks: string[];
  readonly why: Why[];
  /** How many tasks each of the reasons is for. */
  readonly given: number[];
  /** The group that the last reason is for. */
  lastGroup: Group | undefined;
  /** The latest sequence that made one of the tasks: what the decision answers. */
  cause: number;
  /** Undefined while it has given none away. */
  hostPorts: Set<string> | undefined;
}

export function createDraft(): Draft {
  return { tasks: [], why: [], given: [], lastGroup: undefined, cause: 0, hostPorts: undefined };
}

export function countGiven({ why, given }: Draft, serviceId: string): number {
  let tasks = 0;
  for (let place = 0; place < why.length; place += 1) {
    if (why[place]!.serviceId === serviceId) tasks += given[place]!;
  }
  return tasks;
}
