// So many at once, the others in the order they came. A place is lent for a time: what takes longer goes on without one,
// and what only waits needs none, so that nothing slow stands in the way of what is not.
import type { Clock, Timer } from './clock.ts';

/** Runs what only waits, for others or for time, without a place; a new one is taken when it is over. */
export type Aside = <T>(waiting: () => Promise<T>) => Promise<T>;

export interface Lane<Item> {
  /** Puts the item at the end of the queue, unless it stands in it. */
  add(item: Item): void;
  /** Resolves when nothing is being worked on; what stands aside does not count. */
  idle(): Promise<void>;
}

export interface LaneOptions<Item> {
  readonly limit: number;
  readonly lentMs: number;
  readonly clock: Clock;
  readonly work: (item: Item, aside: Aside) => Promise<void>;
  /** What `work` failed with, which should have dealt with that itself. */
  readonly onError: (error: unknown) => void;
}

interface Place {
  takenAt: number;
  isAside: boolean;
}

export function createLane<Item>({ limit, lentMs, clock, work, onError }: LaneOptions<Item>): Lane<Item> {
  const queue = new Set<Item>();
  /** From aside. They come first: they had their turn. */
  const returning: (() => void)[] = [];
  /** In the order in which they were taken. */
  const taken = new Set<Place>();
  let active = 0;
  let idlers: (() => void)[] = [];
  let timer: Timer | undefined;

  function take(place: Place): void {
    place.takenAt = clock.now();
    place.isAside = false;
    taken.add(place);
    active += 1;
  }

  function leave(place: Place): void {
    taken.delete(place);
    active -= 1;
    pump();
    if (active > 0) return;
    for (const resolve of idlers) resolve();
    idlers = [];
  }

  async function run(item: Item): Promise<void> {
    const place = { takenAt: 0, isAside: false };
    take(place);
    try {
      await work(item, (waiting) => stepAside(place, waiting));
    } catch (error) {
      // Before anybody is told that nothing is being worked on.
      onError(error);
    } finally {
      if (!place.isAside) leave(place);
    }
  }

  /** What fails there has nothing more to do here. */
  async function stepAside<T>(place: Place, waiting: () => Promise<T>): Promise<T> {
    place.isAside = true;
    leave(place);
    const result = await waiting();
    await new Promise<void>((resolve) => {
      returning.push(() => {
        take(place);
        resolve();
      });
      pump();
    });
    return result;
  }

  function pump(): void {
    const overdue = clock.now() - lentMs;
    for (const place of taken) {
      if (place.takenAt > overdue) break;
      taken.delete(place);
    }
    while (taken.size < limit && returning.length > 0) returning.shift()!();
    for (const item of queue) {
      if (taken.size >= limit) break;
      queue.delete(item);
      run(item).catch(onError);
    }
    watch();
  }

  /** Only while somebody waits for a place. */
  function watch(): void {
    const [oldest] = taken;
    if (oldest === undefined || queue.size + returning.length === 0) {
      timer?.cancel();
      timer = undefined;
      return;
    }
    timer ??= clock.schedule(oldest.takenAt + lentMs - clock.now(), () => {
      timer = undefined;
      pump();
    });
  }

  return {
    add(item) {
      queue.add(item);
      pump();
    },
    idle: () => (active === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}
