// A clock for many agents in one process: what is due within the same tick happens in one turn of the event loop, so that
// a thousand heartbeats are a few writes. What is due sooner than a tick happens when it is due.
import type { Clock, Timer } from '@muster/runtime';

interface Tick {
  readonly actions: Set<() => void>;
  readonly timer: Timer;
}

export function tickTogether(clock: Clock, tickMs: number): Clock {
  const ticks = new Map<number, Tick>();

  function begin(at: number): Tick {
    const actions = new Set<() => void>();
    const timer = clock.schedule(at * tickMs - clock.now(), () => {
      ticks.delete(at);
      for (const action of actions) action();
    });
    const tick = { actions, timer };
    ticks.set(at, tick);
    return tick;
  }

  /** A timer that nothing is due at would hold a process up that has nothing left to do. */
  function drop(at: number, tick: Tick): void {
    if (ticks.get(at) !== tick) return;
    ticks.delete(at);
    tick.timer.cancel();
  }

  return {
    now: () => clock.now(),
    schedule(delayMs, action) {
      if (delayMs < tickMs) return clock.schedule(delayMs, action);
      const at = Math.ceil((clock.now() + delayMs) / tickMs);
      const tick = ticks.get(at) ?? begin(at);
      // The same action may be scheduled twice.
      const own = () => action();
      tick.actions.add(own);
      return {
        cancel() {
          tick.actions.delete(own);
          if (tick.actions.size === 0) drop(at, tick);
        },
      };
    },
  };
}
