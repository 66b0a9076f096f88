// Who is to be looked at next: a binary heap of times. Cheap for thousands of them, whose deadlines move on again and
// again: a deadline is only ever brought forward here, and one that comes too early is simply set again.

export interface Deadlines {
  /** Asks for a look at `id` at `at`, or earlier if that was asked before. */
  set(id: string, at: number): void;
  /** Takes out the earliest of those who are due. */
  take(now: number): string | undefined;
  /** Takes out whoever is due, earliest first. */
  takeDue(now: number): string[];
  next(): number | undefined;
  clear(): void;
}

interface Entry {
  readonly id: string;
  readonly at: number;
}

export function createDeadlines(): Deadlines {
  const heap: Entry[] = [];
  const atById = new Map<string, number>();

  const isStale = ({ id, at }: Entry) => atById.get(id) !== at;

  function push(entry: Entry): void {
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.at <= entry.at) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  function pop(): Entry {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) sink(last);
    return first;
  }

  function sink(entry: Entry): void {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= entry.at) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = entry;
  }

  function take(now: number): string | undefined {
    while (heap.length > 0 && heap[0]!.at <= now) {
      const entry = pop();
      if (isStale(entry)) continue;
      atById.delete(entry.id);
      return entry.id;
    }
    return undefined;
  }

  return {
    set(id, at) {
      const known = atById.get(id);
      if (known !== undefined && known <= at) return;
      atById.set(id, at);
      push({ id, at });
    },
    take,
    takeDue(now) {
      const due: string[] = [];
      for (let id = take(now); id !== undefined; id = take(now)) due.push(id);
      return due;
    },
    next() {
      while (heap.length > 0 && isStale(heap[0]!)) pop();
      return heap[0]?.at;
    },
    clear() {
      heap.length = 0;
      atById.clear();
    },
  };
}
