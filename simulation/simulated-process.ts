// A process that can be killed at any moment: its timers stop, its appends never return, nothing reaches it.
import type { Clock, Timer } from '@muster/runtime';

export interface SimulatedProcess {
  /** Unique to this incarnation: the name of its clients on log, commands and bus. */
  readonly name: string;
  readonly clock: Clock;
  readonly alive: boolean;
  /** kill -9. */
  kill(): void;
  /** SIGSTOP, until `resume`: timers and deliveries wait. */
  suspend(): void;
  resume(): void;
  readonly suspended: boolean;
  /** Runs now, or on resume, or never once dead. */
  run(action: () => void): void;
}

/** `skewMs`: how far its machine's clock is ahead. */
export function startProcess(name: string, clock: Clock, skewMs = 0): SimulatedProcess {
  let alive = true;
  let suspended = false;
  let waiting: (() => void)[] = [];
  function run(action: () => void): void {
    if (!alive) return;
    if (suspended) waiting.push(action);
    else action();
  }
  return {
    name,
    clock: {
      now: () => clock.now() + skewMs,
      schedule(delayMs, action): Timer {
        let cancelled = false;
        const timer = clock.schedule(delayMs, () => run(() => (cancelled ? undefined : action())));
        return {
          cancel() {
            cancelled = true;
            timer.cancel();
          },
        };
      },
    },
    get alive() {
      return alive;
    },
    get suspended() {
      return suspended;
    },
    kill() {
      alive = false;
      waiting = [];
    },
    suspend() {
      suspended = true;
    },
    resume() {
      suspended = false;
      const actions = waiting;
      waiting = [];
      for (const action of actions) run(action);
    },
    run,
  };
}
