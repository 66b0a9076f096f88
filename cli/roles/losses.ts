// What this process has seen the log lose: told in its log, counted, and kept for the orchestrator to record.
import { type Folded, findLost, type Logger, type Lost } from '@muster/runtime';
import type { LossCounts } from '@muster/telemetry';

export interface Losses {
  readonly counts: Readonly<LossCounts>;
  /** The one found last. */
  readonly last: Lost | undefined;
  /** The log has been found to be another one than was folded: the next fold is to be compared with this one. */
  remember(before: Folded): void;
  compare(now: Folded): void;
}

/** Intents named in one line of the log, at most. */
const MOST_NAMED = 100;

export function createLosses(logger: Logger): Losses {
  const counts: LossCounts = { losses: 0, records: 0, intents: 0 };
  let before: Folded | undefined;
  let last: Lost | undefined;
  return {
    counts,
    get last() {
      return last;
    },
    remember(folded) {
      before ??= folded;
    },
    compare(now) {
      if (before === undefined) return;
      const lost = findLost(before, now);
      before = undefined;
      if (lost === undefined) {
        logger.warn(
          { head: now.state.head },
          'started again from the log, which has lost nothing that was read',
        );
        return;
      }
      last = lost;
      counts.losses += 1;
      counts.records += lost.to - lost.after;
      counts.intents += lost.intents.length;
      const intents = lost.intents.slice(0, MOST_NAMED).map(({ seq, subject }) => `#${seq} ${subject}`);
      logger.error(
        { after: lost.after, to: lost.to, count: lost.intents.length, intents },
        `the log has lost what was read of it after ${lost.after}, up to ${lost.to}, with ${lost.intents.length} intents; started again from what it has`,
      );
    },
  };
}
