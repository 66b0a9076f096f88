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

/** Somebody who waits for an answer. */
export interface Asker {
  readonly waitMs: number;
  /** Whether anybody is there, as far as can be told; undefined where nobody can. */
  readonly isThere?: (() => Promise<boolean>) | undefined;
}

export interface HeavyReads {
  /** `key` says what is read. Throws `BusyError`, or `AbandonedError`. */
  run<Result>(key: string, asker: Asker, read: (pace: Pace) => Promise<Result>): Promise<Result>;
}

export interface HeavyReadLimits {
  readonly atOnce: number;
  readonly waiting: number;
  readonly turnWithinMs: number;
}

const usualLimits: HeavyReadLimits = { atOnce: 2, waiting: 16, turnWithinMs: 5_000 };
/** Work between two pauses. */
const PORTION_MS = 5;
/** How often those who asked are looked for. */
const LOOK_EVERY_MS = 500;

interface Waiter {
  readonly until: number;
  readonly isThere: Asker['isThere'];
}

interface Read {
  readonly result: Promise<unknown>;
  /** Those who asked, and wait as far as anybody knows. */
  readonly waiters: Set<Waiter>;
}

interface Waiting {
  begin(): void;
  leave(error: Error): void;
}

export function createHeavyReads(
  clock: Clock,
  { atOnce, waiting, turnWithinMs }: HeavyReadLimits = usualLimits,
): HeavyReads {
  const underWay = new Map<string, Read>();
  const line = new Map<string, Waiting>();
  let active = 0;
  let lastTookMs = 0;

  function busy(): BusyError {
    const ahead = active + line.size;
    const seconds = Math.max(1, Math.ceil((ahead * lastTookMs) / atOnce / 1_000));
    return new BusyError(`this API reads the log for ${ahead} others already: try again in ${seconds} s`);
  }

  /** Resolves when there is room. */
  function takeTurn(key: string): Promise<void> {
    if (active < atOnce) {
      active += 1;
      return Promise.resolve();
    }
    if (line.size >= waiting) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const goOn = (how: () => void) => {
        timer.cancel();
        line.delete(key);
        how();
      };
      const waitingRead: Waiting = {
        begin: () => goOn(resolve),
        leave: (error) => goOn(() => reject(error)),
      };
      const timer: Timer = clock.schedule(turnWithinMs, () => waitingRead.leave(busy()));
      line.set(key, waitingRead);
    });
  }

  /** Its place goes to the one that has waited longest. */
  function endTurn(): void {
    const [next] = line.values();
    if (next) next.begin();
    else active -= 1;
  }

  async function readInTurn<Result>(key: string, read: (pace: Pace) => Promise<Result>): Promise<Result> {
    await takeTurn(key);
    try {
      const startedAt = clock.now();
      const result = await read(paceOf(key));
      lastTookMs = clock.now() - startedAt;
      return result;
    } finally {
      endTurn();
    }
  }

  /** Whoever turns out to be gone is forgotten, and a read that nobody waits for any more gives up its place in the line. */
  function lookAround(key: string, { waiters }: Read): void {
    for (const waiter of waiters)
      waiter.isThere?.().then(
        (isThere) => {
          if (isThere) return;
          waiters.delete(waiter);
          if (waiters.size === 0) line.get(key)?.leave(abandoned());
        },
        () => undefined,
      );
  }

  function keepLooking(key: string, read: Read): void {
    clock.schedule(LOOK_EVERY_MS, () => {
      if (underWay.get(key) !== read) return;
      lookAround(key, read);
      keepLooking(key, read);
    });
  }

  const abandoned = () => new AbandonedError('nobody waits for this any more');

  function checkWanted(key: string): void {
    const { waiters } = underWay.get(key)!;
    for (const waiter of waiters) if (clock.now() > waiter.until) waiters.delete(waiter);
    if (waiters.size === 0) throw abandoned();
  }

  function paceOf(key: string): Pace {
    let restAt = clock.now() + PORTION_MS;
    return {
      rest() {
        const now = clock.now();
        if (now < restAt) return undefined;
        checkWanted(key);
        return sleep(clock, 0).then(() => {
          restAt = clock.now() + PORTION_MS;
        });
      },
    };
  }

  return {
    run<Result>(
      key: string,
      { waitMs, isThere }: Asker,
      read: (pace: Pace) => Promise<Result>,
    ): Promise<Result> {
      const waiter = { until: clock.now() + waitMs, isThere };
      const known = underWay.get(key);
      if (known) {
        known.waiters.add(waiter);
        return known.result as Promise<Result>;
      }
      const waiters = new Set([waiter]);
      const result = readInTurn(key, read).finally(() => underWay.delete(key));
      const begun = { result, waiters };
      underWay.set(key, begun);
      keepLooking(key, begun);
      return result;
    },
  };
}
