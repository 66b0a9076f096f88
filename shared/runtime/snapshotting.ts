// Snapshots as a cache of the fold: used at start-up, and ignored whenever in doubt.
import type { Log, SnapshotStore, StoredSnapshot } from '@muster/log';
import { type ClusterState, captureState, FOLD_VERSION, readSnapshot, writeSnapshot } from '@muster/state';
import type { Clock } from './clock.ts';
import type { Logger } from './logging.ts';
import { takeSteps, takeStepsOf } from './steps.ts';

/** The state of the latest snapshot that can be trusted; undefined means: fold from the beginning. */
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
    const stored = await snapshots.latest(FOLD_VERSION);
    if (!stored) return undefined;
    const state = await restoreState(stored.chunks, clock);
    if (state.head !== stored.meta.seq) throw new Error(`it is of ${state.head}, not of ${stored.meta.seq}`);
    if (!(await isOfThisLog(state, log))) {
      throw new Error(`it is of another log: this one has another record at ${state.head}, or none`);
    }
    return state;
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

/** A log that was deleted and made anew leaves the snapshots of the old one. No two logs have the same clock. */
async function isOfThisLog({ head, headTime }: ClusterState, log: Log): Promise<boolean> {
  for await (const { time } of log.read({ from: head, to: head })) return time === headTime;
  return false;
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
