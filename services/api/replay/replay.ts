// The cluster as it was at a sequence or a time: folded anew from the log, above the nearest snapshot that is of use.
import { findSeqAt, type Log } from '@muster/log';
import { loadNearest, readVoids, type SnapshotSource } from '@muster/runtime';
import {
  type ClusterState,
  createState,
  type FoldedState,
  foldRecord,
  ignoreChanges,
  type Voids,
} from '@muster/state';
import type { Pace } from './heavy-reads.ts';

/** A sequence, or ms since the epoch. */
export type Moment = { readonly seq: number } | { readonly time: number };

export interface ReplayOptions extends Omit<SnapshotSource, 'snapshots' | 'log' | 'voids'> {
  readonly log: Log;
  readonly snapshots?: SnapshotSource['snapshots'] | undefined;
}

export interface Replay {
  stateAt(moment: Moment, pace?: Pace): Promise<ClusterState>;
}

const steadily: Pace = { rest: () => undefined };

export function createReplay(options: ReplayOptions): Replay {
  return {
    async stateAt(moment, pace = steadily) {
      // A time is the end of its millisecond.
      const seq = 'seq' in moment ? moment.seq : (await findSeqAt(options.log, moment.time + 1)) - 1;
      return foldUpTo(options, seq, pace);
    },
  };
}

async function foldUpTo(options: ReplayOptions, seq: number, pace: Pace): Promise<FoldedState> {
  const { log } = options;
  // Of today: at no moment was a record folded that is void.
  const voids = await readVoids(log);
  const state = (await findSnapshot(options, voids, seq)) ?? createState(voids);
  const changes = ignoreChanges();
  if (state.head < seq)
    for await (const record of log.read({ from: state.head + 1, to: seq })) {
      foldRecord(state, record, changes);
      const pause = pace.rest();
      if (pause) await pause;
    }
  if (state.head !== seq) throw new Error(`the log ends at ${state.head}: there is no ${seq} any more`);
  return state;
}

async function findSnapshot(
  { snapshots, ...rest }: ReplayOptions,
  voids: Voids,
  seq: number,
): Promise<FoldedState | undefined> {
  if (!snapshots) return undefined;
  try {
    return await loadNearest({ ...rest, snapshots, voids }, seq);
  } catch (error) {
    rest.logger.warn({ error: (error as Error).message }, 'could not look for snapshots');
    return undefined;
  }
}
