// The cluster as it was: folded anew from the log up to a sequence or a time. Nothing kept is used.
import type { Log } from '@muster/log';
import { type ClusterState, clearChanges, createChanges, createState, foldRecord } from '@muster/state';

/** A sequence, or ms since the epoch. */
export type Moment = { readonly seq: number } | { readonly time: number };

export async function foldUpTo(log: Log, moment: Moment): Promise<ClusterState> {
  const state = createState();
  const changes = createChanges();
  if ('seq' in moment && moment.seq === 0) return state;
  const options = 'seq' in moment ? { from: 1, to: moment.seq } : { from: 1 };
  for await (const record of log.read(options)) {
    if ('time' in moment && record.time > moment.time) break;
    foldRecord(state, record, changes);
    clearChanges(changes);
  }
  return state;
}
