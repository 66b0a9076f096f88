// Records that the log has lost what we had read, for everybody to know what is gone. Several copies notice one loss: the
// first says so, another only what it knows beyond that.
import { CLUSTER_SUBJECT } from '@muster/events';
import type { Decision, Lost } from '@muster/runtime';
import { basisOf, type ClusterState, lastSeqOf } from '@muster/state';

/** Of one loss; the others are counted. */
export const MAX_NAMED = 1_000;

export function recordLost(state: ClusterState, lost: Lost | undefined): Decision[] {
  if (lost === undefined) return [];
  const { after, to, basis } = lost;
  const known = state.losses.find((loss) => loss.after === after);
  const named = new Set(known?.intents.map(({ seq }) => seq));
  const unnamed = lost.intents.filter(({ seq }) => !named.has(seq));
  const intents = unnamed.slice(0, Math.max(0, MAX_NAMED - named.size));
  const omitted = unnamed.length - intents.length;
  if (
    known &&
    basis <= basisOf(state, 0) &&
    to <= known.to &&
    intents.length === 0 &&
    omitted <= known.omitted
  )
    return [];
  const event = {
    type: 'cluster.records_lost',
    cause: 0,
    after,
    to,
    basis,
    intents,
    ...(omitted > 0 && { omitted }),
  } as const;
  return [{ event, expect: lastSeqOf(state, CLUSTER_SUBJECT) }];
}
