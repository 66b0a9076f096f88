// Whether a copy lives is not guessed: it is asked, on a subject where nobody but itself listens. When its process is gone the
// server says so at once; one that is slow answers late; of one that is stopped or cut off nothing comes.
import type { Bus } from '../bus/bus.ts';
import { NoAnswerError } from '../bus/bus-errors.ts';
import type { Clock, Timer } from '../clock.ts';
import { readStanding, type Standing } from './words.ts';

/**
 * What it says of itself; or `nobody` listens where it would; or there is nothing but silence for as long as we had patience. Of
 * silence that is told by who was not awake himself, nothing follows.
 */
export type Sign = Standing | 'nobody' | 'silence' | 'unclear';

export interface AskOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subject: string;
  readonly patienceMs: number;
  /** An answer has come after the silence. */
  readonly onLate: () => void;
  /** Asks under way, to be ended by whoever asks no more: those leave no timer behind, and never resolve. */
  readonly underWay: Set<() => void>;
}

/** For so long an answer is waited for. */
const LATEST_MS = 3_000;
const STEP_MS = 25;

export function ask({ bus, clock, subject, patienceMs, onLate, underWay }: AskOptions): Promise<Sign> {
  return new Promise((resolve) => {
    const askedAt = clock.now();
    let listenedMs = 0;
    let over = false;
    let timer = wait();

    /** Silence is heard by who is awake: a step from which we come late does not count, as others may be as slow. */
    function wait(): Timer {
      const stepMs = Math.min(STEP_MS, patienceMs - listenedMs);
      const dueAt = clock.now() + stepMs;
      return clock.schedule(stepMs, () => {
        if (clock.now() - dueAt < STEP_MS) listenedMs += stepMs;
        // What has come meanwhile is read before that.
        if (listenedMs >= patienceMs) timer = clock.schedule(0, () => end('silence'));
        else if (clock.now() - askedAt >= LATEST_MS) end('unclear');
        else timer = wait();
      });
    }

    function end(sign: Sign): void {
      over = true;
      timer.cancel();
      underWay.delete(abandon);
      resolve(sign);
    }

    function abandon(): void {
      timer.cancel();
    }

    underWay.add(abandon);
    bus.request(subject, nothing, { timeoutMs: LATEST_MS }).then(
      ({ data }) => {
        if (over) onLate();
        else end(readStanding(data));
      },
      (error) => {
        if (!over && error instanceof NoAnswerError && error.reason === 'nobody listens') end('nobody');
      },
    );
  });
}

const nothing = new Uint8Array();
