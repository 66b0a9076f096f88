// A clock that only moves when told to, so that hours pass in milliseconds and the same run is the same run.
// Between two timers it lets everything that follows from the first settle.
import type { Clock, Timer } from '@muster/runtime';

export interface VirtualClockOptions {
  /** Ms since the epoch. */
  readonly startAt?: number;
  /** Resolves when nothing more happens without time passing; by default once every microtask has run. */
  readonly settle?: () => Promise<void>;
}

interface Entry {
  readonly at: number;
  /** Of timers due at the same time, the one set first is first. */
  readonly order: number;
  action: (() => void) | undefined;
}

export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #active = 0;
  /** A binary heap: every entry comes before those at twice its place. Cancelled ones leave when they are due. */
  readonly #heap: Entry[] = [];
  readonly #settle: () => Promise<void>;

  constructor({ startAt = Date.UTC(2026, 0, 1), settle = drainMicrotasks }: VirtualClockOptions = {}) {
    this.#now = startAt;
    this.#settle = settle;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, action: () => void): Timer {
    this.#order += 1;
    const entry: Entry = { at: this.#now + Math.max(0, delayMs), order: this.#order, action };
    this.#active += 1;
    this.#push(entry);
    return {
      cancel: () => {
        if (entry.action === undefined) return;
        entry.action = undefined;
        this.#active -= 1;
      },
    };
  }

  /** Timers set and not yet due. */
  get pending(): number {
    return this.#active;
  }

  /** When the next timer is due; undefined when there is none. */
  get nextAt(): number | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].action === undefined) this.#pop();
    return this.#heap[0]?.at;
  }

  /** Lets what has been set off come to rest, at this moment. */
  settle(): Promise<void> {
    return this.#settle();
  }

  /** Lets so much time pass: every timer due by then runs, at its time, one after the other. */
  async advance(delayMs: number): Promise<void> {
    const end = this.#now + delayMs;
    await this.#settle();
    while (await this.#runNext(end));
    this.#now = end;
  }

  /** Lets time pass until this is true. Throws when it is not within `limitMs`, or nothing is left to wait for. */
  async advanceUntil(isTrue: () => boolean, limitMs = 3_600_000): Promise<void> {
    const end = this.#now + limitMs;
    await this.#settle();
    while (!isTrue()) {
      if (!(await this.#runNext(end))) {
        throw new Error(`it did not happen within ${limitMs} ms of virtual time: ${isTrue}`);
      }
    }
  }

  async #runNext(end: number): Promise<boolean> {
    const at = this.nextAt;
    if (at === undefined || at > end) return false;
    const entry = this.#pop();
    const action = entry.action!;
    entry.action = undefined;
    this.#now = at;
    this.#active -= 1;
    action();
    await this.#settle();
    return true;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (comesFirst(heap[parent]!, entry)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && comesFirst(heap[child + 1]!, heap[child]!)) child += 1;
      if (comesFirst(last, heap[child]!)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function comesFirst(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** One turn of the event loop: every microtask, and whatever microtasks they make, has run by then. */
function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
