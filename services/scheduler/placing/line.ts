// The nodes of one branch that suit a group, in the order in which they get its tasks: fewest failures of the version
// first (as far as they count), then fewest tasks of the service, then fewest tasks, then by rank. Nodes that are equal in
// the first two are a level. Each node of a level gets one task and is of the next level then, in the same order among
// those that came with it: so there is nothing to sort, only to merge.

/** More tasks than any node has of a service. */
const LEVELS = 2 ** 21;

export interface Line {
  /** Nodes that are yet to be looked at. */
  unmet: number;
  level: number;
  /** Ranks of this level; those before `next` have had their task. */
  ranks: number[];
  next: number;
  /** Had their task, and suit for another. */
  raised: number[];
  /** Of higher levels, by level; undefined while there are none. */
  above: Map<number, number[]> | undefined;
}

export function startLine(unmet: number): Line {
  return { unmet, level: 0, ranks: [], next: 0, raised: [], above: undefined };
}

/** Nodes come in the order of their tasks and ranks. */
export function lineUp(line: Line, rank: number, faults: number, serviceTasks: number): void {
  const level = faults * LEVELS + serviceTasks;
  if (level === line.level) {
    line.ranks.push(rank);
    return;
  }
  line.above ??= new Map();
  const ranks = line.above.get(level);
  if (ranks) ranks.push(rank);
  else line.above.set(level, [rank]);
}

/** Tasks of the service that the nodes of the present level have. */
export function serviceTasksOf({ level }: Line): number {
  return level % LEVELS;
}

/** To the next level with nodes on it; false when there is none. Only when all nodes have been looked at. */
export function rise(line: Line, totals: Int32Array): boolean {
  const { raised, above } = line;
  if (raised.length > 0) line.level += 1;
  else if (above && above.size > 0) line.level = Math.min(...above.keys());
  else return false;
  const others = above?.get(line.level);
  above?.delete(line.level);
  line.ranks = others ? merge(raised, others, totals) : raised;
  line.next = 0;
  line.raised = [];
  return true;
}

function merge(some: readonly number[], others: readonly number[], totals: Int32Array): number[] {
  const all: number[] = [];
  let next = 0;
  for (const rank of some) {
    while (next < others.length && isBefore(others[next]!, rank, totals)) all.push(others[next++]!);
    all.push(rank);
  }
  for (; next < others.length; next += 1) all.push(others[next]!);
  return all;
}

function isBefore(a: number, b: number, totals: Int32Array): boolean {
  return totals[a] === totals[b] ? a < b : totals[a]! < totals[b]!;
}
