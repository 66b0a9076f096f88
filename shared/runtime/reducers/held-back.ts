// Subjects whose decision the log refuses, or takes in vain: the others must not wait for them, nor the log be worn out. Each is
// tried again, ever more rarely.
import { isDeepStrictEqual } from 'node:util';
import type { EventDraft } from '@muster/events';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging.ts';

export interface HeldBack {
  isHeldBack(subject: string, now: number): boolean;
  hold(subject: string, error: unknown): void;
  /** The same was stored in the last round, and changed nothing: a bug, that must not fill the log. It is held back from now on. */
  isInVain(subject: string, event: EventDraft, expect: number): boolean;
  /** The log has taken it. */
  noteStored(subject: string, event: EventDraft, seq: number): void;
  /** Another round was appended: what the one before it has stored counts no more. */
  beginRound(): void;
  /** When one is to be tried again. Those whose time has come, where nothing is to be decided any more, are forgotten. */
  nextTry(now: number): number | undefined;
}

interface Refusal {
  readonly refusals: number;
  readonly until: number;
}

/** A decision of the last round. */
interface Stored {
  readonly event: EventDraft;
  readonly seq: number;
  /** It was decided once more, and held back for it. */
  repeated: boolean;
}

/** Wait after a round that could not reach the log, or that lost and learned nothing new. */
export const BACKOFF_MS = 50;
/** Longest wait after what will hardly go better next time: a bug, or a record that the log refuses. */
const LONGEST_BACKOFF_MS = 10_000;

export function growingBackoff(times: number): number {
  return Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** Math.min(times, 16));
}

export function createHeldBack({
  clock,
  logger,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
}): HeldBack {
  const refused = new Map<string, Refusal>();
  const stored = new Map<string, Stored>();

  function hold(subject: string, error: unknown): void {
    const refusals = (refused.get(subject)?.refusals ?? 0) + 1;
    const backoffMs = growingBackoff(refusals);
    refused.set(subject, { refusals, until: clock.now() + backoffMs });
    logger.error({ err: error, subject, backoffMs }, 'could not append a decision');
  }

  return {
    isHeldBack: (subject, now) => (refused.get(subject)?.until ?? 0) > now,
    hold,
    isInVain(subject, event, expect) {
      const last = stored.get(subject);
      if (last === undefined || last.seq !== expect || last.repeated) return false;
      if (!isDeepStrictEqual(last.event, event)) return false;
      last.repeated = true;
      hold(subject, new Error(`the same was decided and stored as record ${last.seq}, and changed nothing`));
      return true;
    },
    beginRound() {
      for (const subject of stored.keys()) if (!refused.has(subject)) stored.delete(subject);
    },
    noteStored(subject, event, seq) {
      if (!stored.get(subject)?.repeated) refused.delete(subject);
      stored.set(subject, { event, seq, repeated: false });
    },
    nextTry(now) {
      let earliest: number | undefined;
      for (const [subject, { until }] of refused) {
        if (until <= now) refused.delete(subject);
        else earliest = Math.min(earliest ?? until, until);
      }
      return earliest;
    },
  };
}
