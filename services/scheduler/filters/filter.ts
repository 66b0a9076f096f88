// What a filter is: it says of each node whether tasks of a group may run there, and explains its refusals in
// SwarmKit's words (manager/scheduler/filter.go).

import type { ClusterNode } from '@muster/state';
import type { Roster } from '../nodes/roster.ts';
import type { Group } from '../placing/group.ts';

/** `serviceTasks`: how many tasks of the group's service the node has. */
export type Test = (rank: number, serviceTasks: number) => boolean;

/** A number of each node that the roster keeps at hand: as the state has it, until it is taken of in a round. */
export type Column = (node: ClusterNode) => number;

export interface Demand {
  readonly test: Test;
  /**
   * Where the roster has them in bits, the nodes that pass; undefined when all of them do. Others are never met, and `test` isn't
   * asked. `charge` is told how many nodes and words had to be looked at.
   */
  readonly passes?: (charge: (steps: number) => void) => Int32Array | undefined;
  /** The node was given a task of the group: from now on it has so much less, until the round is over. */
  readonly take?: (rank: number) => void;
}

export interface Filter {
  /** As the log names it. */
  readonly name: string;
  readonly columns?: readonly Column[];
  /**
   * What the tasks of a group ask of a node; undefined when it is nothing that this filter looks at. It may be kept
   * for long: it must not hold on to the group's tasks.
   */
  prepare(group: Group, roster: Roster): Demand | undefined;
  /** Why so many nodes were refused. */
  explain(nodes: number): string;
}

export function countNodes(nodes: number): string {
  return nodes === 1 ? '1 node' : `${nodes} nodes`;
}
