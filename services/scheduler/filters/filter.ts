// What a filter is: it says of each node whether tasks of a group may run there, and explains its refusals in
// SwarmKit's words (manager/scheduler/filter.go).
import type { Candidate } from '../candidate.ts';
import type { Group } from '../group.ts';

export type Test = (candidate: Candidate) => boolean;

export interface Filter {
  /** As the log names it. */
  readonly name: string;
  /** The test for the tasks of a group; undefined when they ask for nothing that this filter looks at. */
  prepare(group: Group): Test | undefined;
  /** Why so many nodes were refused. */
  explain(nodes: number): string;
}

export function countNodes(nodes: number): string {
  return nodes === 1 ? '1 node' : `${nodes} nodes`;
}
