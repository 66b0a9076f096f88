// Commands that have outlived the records they follow from: the log has lost its end while nobody was there to notice, and
// no dispatcher would ever command again. Believed when the log itself has said so twice.
import type { Log } from '@muster/log';
import type { Clock, Follower, Timer } from '@muster/runtime';
import { basisOf } from '@muster/state';

export interface OutlivedOptions {
  readonly follower: Pick<Follower, 'state' | 'isCertain'>;
  readonly log: Pick<Log, 'head'>;
  readonly clock: Clock;
  readonly newestBasis: () => number;
  readonly onOutlived: (basis: number) => void;
  readonly onError: (error: Error) => void;
}

const LOOK_EVERY_MS = 3_000;

export function watchOutlived(options: OutlivedOptions): { stop(): void } {
  const { follower, log, clock, newestBasis, onOutlived, onError } = options;
  let seen = 0;
  let stopped = false;
  let timer: Timer = clock.schedule(LOOK_EVERY_MS, look);

  function look(): void {
    count()
      .catch(onError)
      .finally(() => {
        if (!stopped) timer = clock.schedule(LOOK_EVERY_MS, look);
      });
  }

  async function count(): Promise<void> {
    seen = (await isAhead()) ? seen + 1 : 0;
    if (seen >= 2 && !stopped) onOutlived(newestBasis());
  }

  /** Who lags behind the log is not level with it, and no judge. */
  async function isAhead(): Promise<boolean> {
    const { state } = follower;
    if (!follower.isCertain || newestBasis() <= basisOf(state, state.head)) return false;
    const head = await log.head().catch(() => undefined);
    return head === state.head && newestBasis() > basisOf(state, head);
  }

  return {
    stop() {
      stopped = true;
      timer.cancel();
    },
  };
}
