// Names of what is to be looked at, first come first served. Those that wait in the same portion wait once; a name may
// wait in two of them, and whoever looks a second time finds nothing to do. Portions, because a set of millions stops
// the program when it grows.

export interface WorkQueue {
  add(name: string): void;
  take(): string | undefined;
  readonly size: number;
}

const PORTION = 16_384;

export function createWorkQueue(): WorkQueue {
  let last = new Set<string>();
  let portions = [last];
  /** The portion that is being taken from. Its iterator is kept: a new one would step over all that was taken before. */
  let first = 0;
  let cursor = last.values();
  let size = 0;

  function add(name: string): void {
    if (last.size >= PORTION) {
      last = new Set();
      portions.push(last);
    }
    const before = last.size;
    last.add(name);
    size += last.size - before;
  }

  function take(): string | undefined {
    if (size === 0) return undefined;
    let next = cursor.next();
    while (next.done) {
      if (portions[first] !== last) first += 1;
      cursor = portions[first]!.values();
      next = cursor.next();
    }
    portions[first]!.delete(next.value);
    size -= 1;
    if (first >= 64) {
      portions = portions.slice(first);
      first = 0;
    }
    return next.value;
  }

  return {
    add,
    take,
    get size() {
      return size;
    },
  };
}
