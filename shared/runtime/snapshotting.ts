// Snapshots as a cache of the fold: used at start-up, and ignored whenever in doubt.
import type { Log, SnapshotStore, StoredSnapshot } from '@muster/log';
import {
  type ClusterState,
  captureState,
  FOLD_VERSION,
  isFolded,
  readSnapshot,
  writeSnapshot,
} from '@muster/state';
import type { Clock } from './clock.ts';
import type { Logger } from './logging.ts';
import { takeSteps, takeStepsOf } from './steps.ts';

/**
 * The state of the latest snapshot that can be trusted; undefined means: fold from the beginning. Those that the log
 * proves to be of another one are discarded on the way.
 */
export async function loadSnapshot(
  snapshots: SnapshotStore | undefined,
  log: Log,
  clock: Clock,
  logger: Logger,
): Promise<ClusterState | undefined> {
  if (!snapshots) return undefined;
  try {
    const newest = await snapshots.newestVersion();
    if (newest !== undefined && newest > FOLD_VERSION) {
      logger.warn({ foldVersion: newest, own: FOLD_VERSION }, 'ignoring the snapshots of a newer version');
    }
    for (;;) {
      const stored = await snapshots.latest(FOLD_VERSION);
      if (!stored) return undefined;
      const state = await restoreState(stored.chunks, clock);
      const { head } = state;
      if (head !== stored.meta.seq) throw new Error(`it is of ${head}, not of ${stored.meta.seq}`);
      const found = await log.find(head);
      if (found !== undefined && isFolded(state, found)) return state;
      const error = `it is of another log: this one has another record at ${head}, or none`;
      logger.warn({ error }, 'discarding a snapshot');
      await snapshots.discardAbove(head - 1);
    }
  } catch (error) {
    logger.warn(
      { error: (error as Error).message },
      'ignoring a snapshot; folding from the beginning instead',
    );
    return undefined;
  }
}

export async function restoreState(chunks: StoredSnapshot['chunks'], clock: Clock): Promise<ClusterState> {
  const reader = readSnapshot();
  for await (const chunk of chunks) reader.take(chunk);
  return takeSteps(reader.finish(), clock);
}

/** Stores the state as it is at the time of the call, however it changes meanwhile. */
export async function takeSnapshot(
  snapshots: SnapshotStore,
  state: ClusterState,
  clock: Clock,
): Promise<void> {
  const capture = captureState(state);
  try {
    const meta = { foldVersion: FOLD_VERSION, seq: capture.head };
    await snapshots.put(meta, takeStepsOf(writeSnapshot(capture), clock));
  } finally {
    capture.release();
  }
}
