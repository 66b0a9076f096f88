// Sees to it that the ladder of snapshots has no gap: after a change of the fold, or of the limits, there is none that
// is of use, and one copy builds it anew. The others hear of it and leave it alone; should two build, nothing is lost.
import type { Log, SnapshotStore } from '@muster/log';
import type { Bus } from '../bus/bus.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging.ts';
import { type Presence, startPresence } from '../sharing/presence.ts';
import { climb, findMissing } from './climb.ts';

export interface KeepLadderOptions {
  readonly log: Log;
  readonly snapshots: SnapshotStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ours alone, of all processes that ever were. */
  readonly copy: string;
  readonly head: () => number;
  /** How many records are still to be folded for it here; 0 when nothing is being built. */
  readonly onPending?: (records: number) => void;
}

/** Who starts has other things to do. */
const FIRST_LOOK_MS = 5_000;
const LOOK_EVERY_MS = 600_000;
/** Who builds is heard at least once in this time. */
const LISTEN_MS = 2_500;
const STAND_BY_MS = 30_000;

export function keepLadder(options: KeepLadderOptions): { stop(): Promise<void> } {
  const { bus, clock, logger, copy, onPending = () => undefined } = options;
  let stopped = false;
  let endWait: () => void = () => undefined;

  /** Leaves no timer behind: a process that has stopped would wait for it. */
  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.schedule(ms, resolve);
      endWait = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** How long until it is worth another look. */
  async function look(): Promise<number> {
    if ((await findMissing(options)) === undefined || stopped) return LOOK_EVERY_MS;
    const presence = startPresence({ bus, clock, role: 'ladder', copy, able: false });
    try {
      await wait(LISTEN_MS);
      if (stopped || presence.others.size > 0) return STAND_BY_MS;
      presence.takePart(true);
      const mayGoOn = () => !stopped && !isSecond(presence);
      const isComplete = await climb({ ...options, mayGoOn, onPending });
      return isComplete || mayGoOn() ? LOOK_EVERY_MS : STAND_BY_MS;
    } finally {
      presence.stop();
      onPending(0);
    }
  }

  async function run(): Promise<void> {
    for (let waitMs = FIRST_LOOK_MS; !stopped; ) {
      await wait(waitMs);
      if (stopped) return;
      waitMs = await look().catch((error: Error) => {
        logger.warn({ error: error.message }, 'could not build the ladder of snapshots');
        return STAND_BY_MS;
      });
    }
  }

  const running = run();
  return {
    async stop() {
      stopped = true;
      endWait();
      await running;
    },
  };
}

/** Two may have begun at the same moment: one of them gives way. */
function isSecond({ copy, others }: Presence): boolean {
  for (const other of others) if (other < copy) return true;
  return false;
}
