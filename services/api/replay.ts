// The cluster as it was at a sequence or a time: folded anew from the log, above the nearest snapshot that is of use.
import { findSeqAt, type Log } from '@muster/log';
import { loadNearest, type SnapshotSource } from '@muster/runtime';
import { type ClusterState, createState, foldRecord, ignoreChanges } from '@muster/state';

/** A sequence, or ms since the epoch. */
export type Moment = { readonly seq: number } | { readonly time: number };

export interface ReplayOptions extends Omit<SnapshotSource, 'snapshots' | 'log'> {
  readonly log: Log;
  readonly snapshots?: SnapshotSource['snapshots'] | undefined;
}

export interface Replay {
  /** Not to be changed: whoever asks for the same moment at the same time has the same state. */
  stateAt(moment: Moment): Promise<ClusterState>;
}

export function createReplay(options: ReplayOptions): Replay {
  const { log } = options;
  const underWay = new Map<number, Promise<ClusterState>>();

  async function stateAt(moment: Moment): Promise<ClusterState> {
    // A time is the end of its millisecond.
    const seq = 'seq' in moment ? moment.seq : (await findSeqAt(log, moment.time + 1)) - 1;
    let folding = underWay.get(seq);
    if (!folding) {
      folding = foldUpTo(options, seq).finally(() => underWay.delete(seq));
      underWay.set(seq, folding);
    }
    return folding;
  }

  return { stateAt };
}

async function foldUpTo(options: ReplayOptions, seq: number): Promise<ClusterState> {
  const { log } = options;
  const state = (await findSnapshot(options, seq)) ?? createState();
  const changes = ignoreChanges();
  if (state.head < seq)
    for await (const record of log.read({ from: state.head + 1, to: seq }))
      foldRecord(state, record, changes);
  if (state.head !== seq) throw new Error(`the log ends at ${state.head}: there is no ${seq} any more`);
  return state;
}

async function findSnapshot(
  { snapshots, ...rest }: ReplayOptions,
  seq: number,
): Promise<ClusterState | undefined> {
  if (!snapshots) return undefined;
  try {
    return await loadNearest({ ...rest, snapshots }, seq);
  } catch (error) {
    rest.logger.warn({ error: (error as Error).message }, 'could not look for snapshots');
    return undefined;
  }
}
