// A spread tree as one group of tasks meets it: branches come in the order in which their first node is met,
// which is that of the nodes' tasks; those that have none to be met come last.
import type { Service } from '@muster/state';
import type { Roster } from '../nodes/roster.ts';
import type { Branch, Tree } from '../nodes/trees.ts';
import { type Line, startLine } from './line.ts';
import type { Fork } from './shares.ts';

export interface Forks {
  readonly root: Fork;
  /** Where a node belongs. */
  lineOf(rank: number): Line;
}

export interface ForkOptions {
  readonly tree: Tree;
  readonly tasksByBranch: ReadonlyMap<Branch, number>;
  /** What there is to be met: nodes of a leaf, branches of any other. */
  readonly counts: ReadonlyMap<Branch, number>;
  /** Looks at the next node; false when there is none. */
  readonly lookOn: () => boolean;
  readonly placeOn: (line: Line, tasks: number) => number;
}

interface MetFork extends Fork {
  readonly line: Line;
  readonly met: Fork[];
}

export function meetForks({ tree, tasksByBranch, counts, lookOn, placeOn }: ForkOptions): Forks {
  const forks = new Map<Branch, MetFork>();

  function meet(branch: Branch): MetFork {
    const known = forks.get(branch);
    if (known) return known;
    const toBeMet = counts.get(branch) ?? 0;
    const line = startLine(toBeMet);
    const met: Fork[] = [];
    const fork: MetFork = {
      line,
      met,
      tasks: tasksByBranch.get(branch) ?? 0,
      branches: branch.children.size,
      branchAt(turn) {
        while (turn >= met.length && met.length < toBeMet && lookOn());
        if (turn >= met.length) for (const child of branch.children.values()) meet(child);
        return met[turn];
      },
      place: (tasks) => placeOn(line, tasks),
    };
    forks.set(branch, fork);
    if (branch.parent) meet(branch.parent).met.push(fork);
    return fork;
  }

  return { root: meet(tree.root), lineOf: (rank) => meet(tree.leaves[rank]!).line };
}

/** The service's tasks in each branch that has any, on whatever nodes. */
export function countInBranches(
  { leaves }: Tree,
  roster: Roster,
  service: Service,
  charge: (steps: number) => void,
): ReadonlyMap<Branch, number> {
  const tasksByBranch = new Map<Branch, number>();
  charge(leaves.length);
  for (let rank = 0; rank < leaves.length; rank += 1) {
    const tasks = roster.countServiceTasks(rank, service.id);
    if (tasks === 0) continue;
    for (let branch: Branch | undefined = leaves[rank]; branch; branch = branch.parent) {
      tasksByBranch.set(branch, (tasksByBranch.get(branch) ?? 0) + tasks);
    }
  }
  return tasksByBranch;
}

export const noTasks: ReadonlyMap<Branch, number> = new Map();
