// A node as the scheduler sees it: what the state says of it, and on top what this round has given it so far.
import type { EventOf } from '@muster/events';
import type { ClusterNode, Task } from '@muster/state';
import type { Group } from './group.ts';

export type Why = EventOf<'tasks.assigned'>['why'][number];

export interface Candidate {
  readonly node: ClusterNode;
  /** Place in the order of node ids: settles what is otherwise equal. */
  rank: number;
  /** Undefined while this round has given it nothing. */
  draft: Draft | undefined;
  /** What the spread strategy compares, for the group being placed. */
  faults: number;
  serviceTasks: number;
  totalTasks: number;
}

/** What a round gives to one node: the decision being composed, and what it takes from the node. */
export interface Draft {
  readonly tasks: Task[];
  readonly why: Why[];
  /** The group that the last reason is for. */
  lastGroup: Group | undefined;
  nanoCpus: number;
  memoryBytes: number;
  readonly tasksByService: Map<string, number>;
  readonly hostPorts: Set<string>;
}

export function createCandidate(node: ClusterNode): Candidate {
  return { node, rank: 0, draft: undefined, faults: 0, serviceTasks: 0, totalTasks: 0 };
}

export function freeNanoCpus({ node, draft }: Candidate): number {
  const { description, reserved } = node;
  return description.resources.nanoCpus - reserved.nanoCpus - (draft ? draft.nanoCpus : 0);
}

export function freeMemoryBytes({ node, draft }: Candidate): number {
  const { description, reserved } = node;
  return description.resources.memoryBytes - reserved.memoryBytes - (draft ? draft.memoryBytes : 0);
}

export function countTasks({ node, draft }: Candidate): number {
  return node.activeTasks + (draft ? draft.tasks.length : 0);
}

export function countServiceTasks({ node, draft }: Candidate, serviceId: string): number {
  return (
    (node.activeByService.get(serviceId) ?? 0) + (draft ? (draft.tasksByService.get(serviceId) ?? 0) : 0)
  );
}

export function holdsHostPort({ node, draft }: Candidate, key: string): boolean {
  return node.hostPorts.has(key) || (draft?.hostPorts.has(key) ?? false);
}

export function giveTask(candidate: Candidate, task: Task, group: Group, makeWhy: () => Why): void {
  candidate.draft ??= createDraft();
  const { draft } = candidate;
  if (draft.lastGroup !== group) {
    draft.lastGroup = group;
    draft.why.push(makeWhy());
  }
  const { reservations } = group.version.spec.resources;
  draft.nanoCpus += reservations.nanoCpus;
  draft.memoryBytes += reservations.memoryBytes;
  for (const key of group.hostPorts) draft.hostPorts.add(key);
  draft.tasksByService.set(group.service.id, (draft.tasksByService.get(group.service.id) ?? 0) + 1);
  draft.tasks.push(task);
}

function createDraft(): Draft {
  return {
    tasks: [],
    why: [],
    lastGroup: undefined,
    nanoCpus: 0,
    memoryBytes: 0,
    tasksByService: new Map(),
    hostPorts: new Set(),
  };
}
