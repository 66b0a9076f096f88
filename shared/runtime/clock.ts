/** Time as a port, so that simulation can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `action` once, `delayMs` from now. */
  schedule(delayMs: number, action: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** setTimeout's longest delay; longer ones are cut, and whoever waits looks again then. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: Date.now,
  schedule(delayMs, action) {
    const timer = setTimeout(action, Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves when the promise is settled, or after `limitMs`, whichever is first. Never rejects, and leaves no timer behind. */
export function waitAtMost(clock: Clock, limitMs: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.schedule(limitMs, resolve);
    const end = () => {
      timer.cancel();
      resolve();
    };
    promise.then(end, end);
  });
}

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(delayMs, resolve);
  });
}
