// How many of a group's tasks each branch of a spread tree gets (SwarmKit's scheduleNTasksOnSubtree,
// manager/scheduler/scheduler.go): as many as make the branches even, counting the service's tasks that are there; what a
// branch has no room for goes to the others. Like SwarmKit's, it may give a branch one more than was asked for it.

export interface Fork {
  /** The service's tasks in it before the group came. */
  readonly tasks: number;
  /** How many branches it has; a leaf has none. */
  readonly branches: number;
  /** The branches by turn; undefined after the last. */
  branchAt(turn: number): Fork | undefined;
  /** Gives the nodes of a leaf up to so many tasks, and says how many it gave. */
  place(tasks: number): number;
}

/** `isOver`: no more tasks can be given to anybody. */
export function shareOut(fork: Fork, tasks: number, isOver: () => boolean): number {
  if (fork.branches === 0) return fork.place(tasks);
  const full = new Set<Fork>();
  let placed = 0;
  let inOpen = fork.tasks;
  while (placed < tasks && full.size < fork.branches && !isOver()) {
    const open = fork.branches - full.size;
    const sum = inOpen + tasks - placed;
    const even = Math.floor(sum / open);
    let rest = sum % open;
    for (let turn = 0; !isOver(); turn += 1) {
      const branch = fork.branchAt(turn);
      if (!branch) break;
      if (full.has(branch) || branch.tasks > even || (branch.tasks === even && rest === 0)) continue;
      const share = even - branch.tasks + (rest > 0 ? 1 : 0);
      const got = shareOut(branch, share, isOver);
      placed += got;
      if (got < share) {
        full.add(branch);
        inOpen -= branch.tasks;
      } else if (rest > 0) {
        rest -= 1;
      }
    }
  }
  return placed;
}
