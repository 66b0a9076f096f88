// Snapshots as a cache of the fold: used at start-up, and ignored whenever in doubt.
import type { Log, SnapshotStore, StoredSnapshot } from '@muster/log';
import {
  type ClusterState,
  captureState,
  FOLD_VERSION,
  type FoldedState,
  isFolded,
  readSnapshot,
  type Voids,
  wasFoldedWithout,
  writeSnapshot,
} from '@muster/state';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging.ts';
import { takeSteps, takeStepsOf } from '../steps.ts';

export interface SnapshotSource {
  readonly snapshots: SnapshotStore;
  readonly log: Pick<Log, 'find'>;
  /** A snapshot with a record that is void by now is of no use, nor is one without a record that is not. */
  readonly voids: Voids;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The state of the latest snapshot that can be trusted; undefined means: fold from the beginning. Those that the log
 * proves to be of another one, or to have a record that is void since, are discarded on the way.
 */
export async function loadSnapshot(
  source: Omit<SnapshotSource, 'snapshots'> & { readonly snapshots: SnapshotStore | undefined },
): Promise<FoldedState | undefined> {
  const { snapshots, logger } = source;
  if (!snapshots) return undefined;
  try {
    const newest = await snapshots.newestVersion();
    if (newest !== undefined && newest > FOLD_VERSION) {
      logger.warn({ foldVersion: newest, own: FOLD_VERSION }, 'ignoring the snapshots of a newer version');
    }
    for (;;) {
      const stored = await snapshots.latest(FOLD_VERSION);
      if (!stored) return undefined;
      const read = await tryToRead(stored, { ...source, snapshots });
      if (read.is === 'of this log') return read.state;
      if (read.is === 'unreadable') return await loadNearest({ ...source, snapshots }, stored.meta.seq - 1);
      await snapshots.discardAbove(read.above ?? stored.meta.seq - 1);
    }
  } catch (error) {
    logger.warn({ error: (error as Error).message }, 'could not look for snapshots');
    return undefined;
  }
}

/** The state of the nearest snapshot at or below a sequence that can be trusted. Nothing is discarded. */
export async function loadNearest(source: SnapshotSource, atMost: number): Promise<FoldedState | undefined> {
  for (let below = atMost; ; ) {
    const stored = await source.snapshots.latest(FOLD_VERSION, below);
    if (!stored) return undefined;
    const read = await tryToRead(stored, source);
    if (read.is === 'of this log') return read.state;
    below = stored.meta.seq - 1;
  }
}

type Read =
  | { readonly is: 'of this log'; readonly state: FoldedState }
  | { readonly is: 'unreadable' }
  /** Nobody has any use for it, nor for what is above the sequence, if one is named. */
  | { readonly is: 'useless'; readonly above?: number };

async function tryToRead(
  { meta: { seq }, chunks }: StoredSnapshot,
  { log, voids, clock, logger }: SnapshotSource,
): Promise<Read> {
  let state: FoldedState;
  try {
    state = await restoreState(chunks, clock, voids);
    if (state.head !== seq) throw new Error(`it is of ${state.head}, not of ${seq}`);
  } catch (error) {
    logger.warn({ seq, error: (error as Error).message }, 'ignoring a snapshot');
    return { is: 'unreadable' };
  }
  if (!wasFoldedWithout(state, voids)) {
    const met = [...voids.byRecord.keys()].filter((record) => record <= seq && !state.voided.has(record));
    logger.warn(
      { seq, voids: met },
      'ignoring a snapshot: it was not folded without the records that are void',
    );
    // Where it lacks a record that is not void, as far as we have read, others may have read on.
    return met.length === 0 ? { is: 'unreadable' } : { is: 'useless', above: Math.min(...met) - 1 };
  }
  const found = await log.find(seq);
  if (found !== undefined && isFolded(state, found)) return { is: 'of this log', state };
  const error = `it is of another log: this one has another record at ${seq}, or none`;
  logger.warn({ seq, error }, 'ignoring a snapshot');
  return { is: 'useless' };
}

export async function restoreState(
  chunks: StoredSnapshot['chunks'],
  clock: Clock,
  voids?: Voids,
): Promise<FoldedState> {
  const reader = readSnapshot(voids);
  for await (const chunk of takeStepsOf(chunks, clock)) reader.take(chunk);
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
