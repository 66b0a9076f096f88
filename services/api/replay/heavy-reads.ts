// Questions that fold or search the log take seconds and much memory, and anybody may ask any number of them. Few are
// answered at once, some wait, and none for long; whoever asks what is being found out already shares the answer. All
// other questions pass by.
import { type Clock, sleep, type Timer } from '@muster/runtime';

/** There is too much to do: for whoever asked, in their words. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

/** Nobody waits for the answer any more. */
export class AbandonedError extends Error {
  override readonly name = 'AbandonedError';
}

export interface Pace {
  /**
   * To be asked after each record. When it is a pause, that has to be waited for: everything else has its turn then.
   * Throws when nobody waits for what is read any more.
   */
  rest(): Promise<void> | undefined;
}

export interface HeavyReads {
  /** `key` says what is read; `waitMs` how long it is waited for. Throws `BusyError`, or `AbandonedError`. */
  run<Result>(key: string, waitMs: number, read: (pace: Pace) => Promise<Result>): Promise<Result>;
}

export interface HeavyReadLimits {
  readonly atOnce: number;
  readonly waiting: number;
  readonly turnWithinMs: number;
}

const usualLimits: HeavyReadLimits = { atOnce: 2, waiting: 16, turnWithinMs: 5_000 };
/** Work between two pauses. */
const PORTION_MS = 5;

interface Read {
  readonly result: Promise<unknown>;
  /** When the last of those who asked stops waiting. */
  until: number;
}

interface Waiting {
  begin(): void;
}

export function createHeavyReads(
  clock: Clock,
  { atOnce, waiting, turnWithinMs }: HeavyReadLimits = usualLimits,
): HeavyReads {
  const underWay = new Map<string, Read>();
  const line = new Set<Waiting>();
  let active = 0;
  let lastTookMs = 0;

  function busy(): BusyError {
    const ahead = active + line.size;
    const seconds = Math.max(1, Math.ceil((ahead * lastTookMs) / atOnce / 1_000));
    return new BusyError(`this API reads the log for ${ahead} others already: try again in ${seconds} s`);
  }

  /** Resolves when there is room. */
  function takeTurn(): Promise<void> {
    if (active < atOnce) {
      active += 1;
      return Promise.resolve();
    }
    if (line.size >= waiting) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const waitingRead: Waiting = {
        begin() {
          timer.cancel();
          line.delete(waitingRead);
          resolve();
        },
      };
      const timer: Timer = clock.schedule(turnWithinMs, () => {
        line.delete(waitingRead);
        reject(busy());
      });
      line.add(waitingRead);
    });
  }

  /** Its place goes to the one that has waited longest. */
  function endTurn(): void {
    const [next] = line;
    if (next) next.begin();
    else active -= 1;
  }

  async function readInTurn<Result>(pace: Pace, read: (pace: Pace) => Promise<Result>): Promise<Result> {
    await takeTurn();
    const startedAt = clock.now();
    try {
      return await read(pace);
    } finally {
      lastTookMs = clock.now() - startedAt;
      endTurn();
    }
  }

  function paceOf(key: string): Pace {
    let restAt = clock.now() + PORTION_MS;
    return {
      rest() {
        const now = clock.now();
        if (now < restAt) return undefined;
        if (now > underWay.get(key)!.until) throw new AbandonedError('nobody waits for this any more');
        return sleep(clock, 0).then(() => {
          restAt = clock.now() + PORTION_MS;
        });
      },
    };
  }

  return {
    run<Result>(key: string, waitMs: number, read: (pace: Pace) => Promise<Result>): Promise<Result> {
      const until = clock.now() + waitMs;
      const known = underWay.get(key);
      if (known) {
        known.until = Math.max(known.until, until);
        return known.result as Promise<Result>;
      }
      const result = readInTurn(paceOf(key), read).finally(() => underWay.delete(key));
      underWay.set(key, { result, until });
      return result;
    },
  };
}
