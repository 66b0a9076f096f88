// Records that the log has lost what we had read, for everybody to know what is gone. Several copies notice one loss: the
// first says so, another only what it knows beyond that.
import { CLUSTER_SUBJECT, ENVELOPE_BYTES, sizeOfNumber, sizeOfText } from '@muster/events';
import type { Decision, Lost } from '@muster/runtime';
import { basisOf, type ClusterState, lastSeqOf } from '@muster/state';

/** Of one loss, if a record holds so many; the others are counted. */
export const MAX_NAMED = 1_000;

export function recordLost(state: ClusterState, lost: Lost | undefined, maxRecordBytes: number): Decision[] {
  if (lost === undefined) return [];
  const { after, to, basis } = lost;
  const known = state.losses.find((loss) => loss.after === after);
  const named = new Set(known?.intents.map(({ seq }) => seq));
  const unnamed = lost.intents.filter(({ seq }) => !named.has(seq));
  const intents = nameSome(unnamed, known?.intents ?? [], maxRecordBytes - ENVELOPE_BYTES);
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

type LostIntent = Lost['intents'][number];

/** All that are named of a loss would fit into one record: then a later one adds none that an earlier one had no room for. */
function nameSome(
  unnamed: readonly LostIntent[],
  named: readonly LostIntent[],
  maxBytes: number,
): LostIntent[] {
  let room = named.reduce((left, intent) => left - sizeOfIntent(intent), maxBytes);
  const intents: LostIntent[] = [];
  for (const intent of unnamed) {
    room -= sizeOfIntent(intent);
    if (room < 0 || named.length + intents.length >= MAX_NAMED) break;
    intents.push(intent);
  }
  return intents;
}

/** With a comma. */
function sizeOfIntent({ seq, subject }: LostIntent): number {
  return '{"seq":,"subject":},'.length + sizeOfNumber(seq) + sizeOfText(subject);
}
