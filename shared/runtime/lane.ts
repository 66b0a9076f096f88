// So many at once, the others in the order they came.

export interface Lane<Item> {
  /** Puts the item at the end of the queue, unless it stands in it. */
  add(item: Item): void;
  /** Resolves when nothing is being worked on. */
  idle(): Promise<void>;
}

/** `work` must not throw. */
export function createLane<Item>(limit: number, work: (item: Item) => Promise<void>): Lane<Item> {
  const queue = new Set<Item>();
  let active = 0;
  let waiting: (() => void)[] = [];

  async function run(item: Item): Promise<void> {
    active += 1;
    await work(item);
    active -= 1;
    pump();
    if (active > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  function pump(): void {
    for (const item of queue) {
      if (active >= limit) return;
      queue.delete(item);
      void run(item);
    }
  }

  return {
    add(item) {
      queue.add(item);
      pump();
    },
    idle: () => (active === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
