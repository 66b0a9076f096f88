// A clock for tests that runs ahead: whenever the program has nothing else to do, it jumps to the next timer.
import type { Clock, Timer } from '@muster/runtime';

interface Waiting {
  readonly at: number;
  readonly action: () => void;
}

export class HastyClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #waiting = new Set<Waiting>();
  #isJumping = false;

  now(): number {
    return this.#now;
  }

  /** Timers not yet run. */
  get pending(): number {
    return this.#waiting.size;
  }

  schedule(delayMs: number, action: () => void): Timer {
    const waiting = { at: this.#now + Math.max(0, delayMs), action };
    this.#waiting.add(waiting);
    this.#jumpSoon();
    return { cancel: () => this.#waiting.delete(waiting) };
  }

  #jumpSoon(): void {
    if (this.#isJumping) return;
    this.#isJumping = true;
    setImmediate(() => {
      this.#isJumping = false;
      const [first, ...others] = this.#waiting;
      if (first === undefined) return;
      const next = others.reduce(
        (earliest, waiting) => (waiting.at < earliest.at ? waiting : earliest),
        first,
      );
      this.#waiting.delete(next);
      this.#now = next.at;
      next.action();
      this.#jumpSoon();
    });
  }
}
