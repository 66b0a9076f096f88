// A clock for many agents in one process: what is due within the same tick happens in one turn of the event loop, so that
// a thousand heartbeats are a few writes. What is due sooner than a tick happens when it is due.
import type { Clock } from '@muster/runtime';

export function tickTogether(clock: Clock, tickMs: number): Clock {
  const ticks = new Map<number, Set<() => void>>();

  function begin(tick: number): Set<() => void> {
    const actions = new Set<() => void>();
    ticks.set(tick, actions);
    clock.schedule(tick * tickMs - clock.now(), () => {
      ticks.delete(tick);
      for (const action of actions) action();
    });
    return actions;
  }

  return {
    now: () => clock.now(),
    schedule(delayMs, action) {
      if (delayMs < tickMs) return clock.schedule(delayMs, action);
      const tick = Math.ceil((clock.now() + delayMs) / tickMs);
      const actions = ticks.get(tick) ?? begin(tick);
      // The same action may be scheduled twice.
      const own = () => action();
      actions.add(own);
      return {
        cancel() {
          actions.delete(own);
        },
      };
    },
  };
}
