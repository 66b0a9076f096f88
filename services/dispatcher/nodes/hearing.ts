// Until when the silence of others means anything. The dispatcher sends itself an echo over the bus: one that
// comes back in good time proves that whatever was said before it has been heard. Silence is judged as of that
// moment, so that a stopped process, a lost connection or a stalled server never looks like dead nodes.

/** Echoes sent in one heartbeat period. */
const ECHOES_PER_PERIOD = 10;

export interface Hearing {
  /** How often an echo is to be sent. */
  readonly echoEveryMs: number;
  /** An echo came back. Times are the dispatcher's own clock, ms since the epoch. */
  echo(sentAt: number, now: number): void;
  /** Whatever was said before this time, and after `since`, has been heard. */
  readonly until: number;
  /** Silence before this time does not count: the dispatcher was deaf, or had not started. */
  readonly since: number;
  /** Whether what arrives now was said now, rather than held up on its way. */
  isCurrent(now: number): boolean;
}

export function startHearing(heartbeatMs: number): Hearing {
  const longestGapMs = heartbeatMs / 2;
  let until = Number.NEGATIVE_INFINITY;
  let since = Number.NEGATIVE_INFINITY;
  return {
    echoEveryMs: heartbeatMs / ECHOES_PER_PERIOD,
    echo(sentAt, now) {
      if (sentAt < until)
        since = sentAt; // The clock was set back.
      else if (now - sentAt > longestGapMs) since = now;
      else if (sentAt - until > longestGapMs) since = Math.max(since, sentAt);
      if (now - sentAt <= longestGapMs) until = sentAt;
    },
    get until() {
      return until;
    },
    get since() {
      return since;
    },
    isCurrent: (now) => now - until <= longestGapMs,
  };
}
