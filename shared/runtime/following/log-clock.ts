// The time by which a copy decides: that of the log's server, which gives each record its own, estimated from what the
// server says of its clock now and then and from the time that has passed here since. No clock of a single machine can delay
// or hurry the cluster: one that is wrong is told of, and not gone by.
import type { Clock } from '../clock.ts';

export interface LogClock extends Clock {
  /** The log's server says that it is so late there; said just now, or a moment ago. */
  observe(serverTime: number): void;
  /** How far this machine's clock is ahead of the log's, in ms; 0 as long as nothing was observed. */
  readonly aheadMs: number;
  /** How far the server's clock has leapt away from what is gone by here, in ms; 0 while it agrees. */
  readonly leapMs: number;
}

export interface LogClockOptions {
  /** Of this machine: its timers are used, and its time until a server has been heard. */
  readonly clock: Clock;
  /** Ms that never leap; since when does not matter. */
  readonly elapsed?: () => number;
  /** The server's clock has been gone by anew, so many ms further. */
  readonly onLeap?: (ms: number) => void;
}

/** What is further off than this is a leap, of the server's clock or because another server leads. */
export const LEAP_MS = 2_000;
/** A leap that lasts is believed after so long: two servers with different clocks may take turns. */
export const BELIEVED_AFTER_MS = 30_000;
/** The best estimate of so long a time is gone by next: clocks drift apart. */
const WINDOW_MS = 10_000;

export function createLogClock({
  clock,
  elapsed = () => performance.now(),
  onLeap,
}: LogClockOptions): LogClock {
  /** What is added to the time elapsed here. */
  let offset: number | undefined;
  /** The greatest in this window: an answer that took longer says less. */
  let best = Number.NEGATIVE_INFINITY;
  let windowEnd = 0;
  let leap: { readonly since: number; offset: number } | undefined;

  function goBy(found: number): void {
    offset = found;
    best = found;
    windowEnd = elapsed() + WINDOW_MS;
    leap = undefined;
  }

  function observe(serverTime: number): void {
    const at = elapsed();
    const found = serverTime - at;
    if (offset === undefined) goBy(found);
    else if (Math.abs(found - offset) > LEAP_MS) noteLeap(found, at);
    else {
      leap = undefined;
      best = Math.max(best, found);
      offset = Math.max(offset, found);
      if (at >= windowEnd) {
        offset = best;
        best = Number.NEGATIVE_INFINITY;
        windowEnd = at + WINDOW_MS;
      }
    }
  }

  function noteLeap(found: number, at: number): void {
    const before = offset!;
    if (leap === undefined || Math.abs(found - leap.offset) > LEAP_MS) leap = { since: at, offset: found };
    leap.offset = Math.max(leap.offset, found);
    if (at - leap.since < BELIEVED_AFTER_MS) return;
    goBy(leap.offset);
    onLeap?.(offset! - before);
  }

  const now = () => (offset === undefined ? clock.now() : Math.floor(elapsed() + offset));
  return {
    now,
    schedule: (delayMs, action) => clock.schedule(delayMs, action),
    observe,
    get aheadMs() {
      return offset === undefined ? 0 : Math.round(clock.now() - now());
    },
    get leapMs() {
      return leap === undefined ? 0 : Math.round(leap.offset - offset!);
    },
  };
}
