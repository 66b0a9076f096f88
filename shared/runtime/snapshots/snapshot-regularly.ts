// When snapshots are taken.
import type { SnapshotStore } from '@muster/log';
import type { Clock } from '../clock.ts';
import type { Follower } from '../following/follower.ts';
import type { Logger } from '../logging.ts';
import { takeSnapshot } from './snapshotting.ts';

/** SwarmKit's raft takes one every 10,000 entries. */
export const SNAPSHOT_EVERY = 10_000;

export interface SnapshotRegularlyOptions {
  readonly follower: Pick<Follower, 'state' | 'startedFrom' | 'onTurn'>;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly every?: number | undefined;
}

/**
 * Takes a snapshot whenever that many events have been folded since the last, and at least a tenth as many as there are
 * tasks: writing all of a large state down for a few events would be most of the work. A failure is logged and tried
 * again later.
 */
export function snapshotRegularly(options: SnapshotRegularlyOptions): () => void {
  const { follower, snapshots, clock, logger, every = SNAPSHOT_EVERY } = options;
  // Of the one before it: whoever is started again and again would otherwise never take one.
  let last = follower.startedFrom;
  let busy = false;
  return follower.onTurn((state) => {
    if (busy || state.halted !== undefined) return;
    if (state.head - last < Math.max(every, state.tasks.size / 10)) return;
    busy = true;
    last = state.head;
    takeSnapshot(snapshots, state, clock)
      .catch((error: Error) => logger.warn({ error: error.message }, 'could not store a snapshot'))
      .finally(() => {
        busy = false;
      });
  });
}
