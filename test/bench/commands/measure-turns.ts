// How long the longest turn of the event loop took, and with it the longest time that anything else had to wait.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const EVERY_MS = 2;

export function measureTurns(): { stop(): number } {
  const delays = monitorEventLoopDelay({ resolution: EVERY_MS });
  delays.enable();
  return {
    stop() {
      delays.disable();
      return delays.max / 1e6 - EVERY_MS;
    },
  };
}
