// Names of what is to be looked at, by group: groups first come first served, and all that waits in a group together. A
// node that is told of many tasks at once answers about all of them at once; told of one after the other, while others
// have their turn between, it would write a record of the log about each. A name may wait twice, and whoever looks a
// second time finds nothing to do.

export interface WorkQueue {
  add(name: string, group: string): void;
  take(): string | undefined;
  readonly size: number;
}

export function createWorkQueue(): WorkQueue {
  /** Those whose turn has not come, in its order. */
  const waiting = new Map<string, Set<string>>();
  /** What is left of the group whose turn it is. */
  let current: Iterator<string> = [].values();
  let size = 0;

  function add(name: string, group: string): void {
    let names = waiting.get(group);
    if (names === undefined) {
      names = new Set();
      waiting.set(group, names);
    }
    const before = names.size;
    names.add(name);
    size += names.size - before;
  }

  function take(): string | undefined {
    for (;;) {
      const next = current.next();
      if (!next.done) {
        size -= 1;
        return next.value;
      }
      const [first] = waiting;
      if (first === undefined) return undefined;
      const [group, names] = first;
      waiting.delete(group);
      current = names.values();
    }
  }

  return {
    add,
    take,
    get size() {
      return size;
    },
  };
}
