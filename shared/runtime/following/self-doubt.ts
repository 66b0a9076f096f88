// What others had read, as their decisions say it, is what we have read too; or one of us is wrong. A fold from the first
// record on is right, and so is one that others agreed with; one that began with a snapshot may not be.
import type { EventFact } from '@muster/events';
import type { Log } from '@muster/log';
import { type ClusterState, DIGESTS_KEPT, digestAt, isFolded } from '@muster/state';
import type { Clock } from '../clock.ts';

/** What a stray decision makes us look for need not be looked for again at once. */
const LOOK_EVERY_MS = 10_000;

export interface SelfDoubt {
  /** Others have read something else, and nobody has read the same. */
  readonly isAlone: boolean;
  /** An event has been folded, or was void because its writer had read something else. */
  note(fact: EventFact, isAstray: boolean): void;
  /** The sequence of a record that is not in the log as it was folded, if others give reason to look for one. */
  lookBack(): Promise<number | undefined>;
}

export function createSelfDoubt(state: ClusterState, startedFrom: number, log: Log, clock: Clock): SelfDoubt {
  let isProven = startedFrom === 0;
  let isAlone = false;
  let isContradicted = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    get isAlone() {
      return isAlone;
    },
    note({ event }, isAstray) {
      const read = 'read' in event ? event.read : undefined;
      if (read === undefined) return;
      if (isAstray) isContradicted = true;
      else if (read.seq >= startedFrom && digestAt(state, read.seq) === read.digest) isProven = true;
      isAlone = isContradicted && !isProven;
    },
    async lookBack() {
      if (!isContradicted || clock.now() - lookedAt < LOOK_EVERY_MS) return undefined;
      isContradicted = false;
      lookedAt = clock.now();
      const { head } = state;
      for await (const record of log.read({ from: Math.max(1, head - DIGESTS_KEPT + 2), to: head })) {
        if (isFolded(state, record) === false) return record.seq;
      }
      return undefined;
    },
  };
}
