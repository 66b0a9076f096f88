// Folds the log anew, beside everything else, to store the snapshots that the ladder lacks.
import { findGap, type Gap, type Log, type SnapshotStore } from '@muster/log';
import {
  createState,
  FOLD_VERSION,
  type FoldedState,
  foldRecord,
  ignoreChanges,
  type Voids,
  wasFoldedWithout,
} from '@muster/state';
import { type Clock, sleep } from '../clock.ts';
import { readVoids } from '../following/read-voids.ts';
import type { Logger } from '../logging.ts';
import { loadNearest, takeSnapshot } from '../snapshots/snapshotting.ts';

export interface ClimbOptions {
  readonly log: Log;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The last sequence that is to be had. */
  readonly head: () => number;
  /** Whether to go on with the next rung; asked again at each. */
  readonly mayGoOn: () => boolean;
  /** How many records are still to be folded. */
  readonly onPending: (records: number) => void;
}

/** A step takes a few milliseconds, and a pause as long: whoever shares the process hardly notices. */
const RECORDS_PER_STEP = 128;
const PAUSE_MS = 1;

/** The stretch of the log that lacks snapshots; none where a newer version is at work, whose ladder will be the one. */
export async function findMissing({
  snapshots,
  head,
}: Pick<ClimbOptions, 'snapshots' | 'head'>): Promise<Gap | undefined> {
  const newest = await snapshots.newestVersion();
  if (newest !== undefined && newest > FOLD_VERSION) return undefined;
  return findGap(await snapshots.list(FOLD_VERSION), head(), snapshots.limits);
}

/** True when nothing is missing any more; false when it must not go on, or another rung would not be kept. */
export async function climb(options: ClimbOptions): Promise<boolean> {
  const { snapshots, clock, logger, mayGoOn, onPending } = options;
  const startedAt = clock.now();
  let state: FoldedState | undefined;
  let stored = 0;
  for (let reached = 0; ; ) {
    const gap = await findMissing(options);
    if (gap === undefined) {
      if (stored > 0)
        logger.info({ rungs: stored, ms: clock.now() - startedAt }, 'the ladder of snapshots is complete');
      return true;
    }
    if (gap.above < reached) {
      logger.info({ ...gap, rungs: stored }, 'the ladder of snapshots has no room for more');
      return false;
    }
    logger.info(
      { ...gap, rungs: stored },
      stored === 0 ? 'building the missing rungs of the ladder of snapshots' : 'building on',
    );
    const voids = await readVoids(options.log);
    // Another copy may have come further meanwhile, or a record that we have folded be void.
    if (state?.head !== gap.above || !wasFoldedWithout(state, voids))
      state = await startAt(gap.above, { ...options, voids });
    state.voids = voids;
    reached = gap.above + gap.every;
    if (!(await foldGently(state, reached, options, () => onPending(gap.upTo - state!.head)))) return false;
    await takeSnapshot(snapshots, state, clock);
    stored += 1;
    if (!mayGoOn()) return false;
  }
}

async function startAt(
  above: number,
  options: ClimbOptions & { readonly voids: Voids },
): Promise<FoldedState> {
  return (above > 0 ? await loadNearest(options, above) : undefined) ?? createState(options.voids);
}

/** False when it was told not to go on, or met what only a newer version understands. */
async function foldGently(
  state: FoldedState,
  to: number,
  { log, clock, mayGoOn }: ClimbOptions,
  onStep: () => void,
): Promise<boolean> {
  const changes = ignoreChanges();
  let folded = 0;
  for await (const record of log.read({ from: state.head + 1, to })) {
    foldRecord(state, record, changes);
    folded += 1;
    if (folded % RECORDS_PER_STEP !== 0) continue;
    onStep();
    await sleep(clock, PAUSE_MS);
    if (!mayGoOn() || state.halted !== undefined) return false;
  }
  return state.halted === undefined && state.head === to;
}
