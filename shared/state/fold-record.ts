// The one way from a record of the log to the state: its digest, what it says, whether whoever decided it had read this
// log, and what it changes. Every copy comes to the same judgement, as it knows nothing but the log.
import { decode, type EventFact, type Fact, type RawRecord } from '@muster/events';
import type { Changes } from './changes.ts';
import { digestAt, noteDigest } from './digest.ts';
import { evolve, voidDecision } from './evolve.ts';
import type { ClusterState } from './state.ts';

/** Records must come in log order, each once. `onFact` sees what a record says just before it is folded. */
export function foldRecord(
  state: ClusterState,
  record: RawRecord,
  changes: Changes,
  onFact?: (fact: Fact) => void,
): Fact {
  const fact = decode(record, state.wireVersion);
  onFact?.(fact);
  const isAstray = fact.is === 'event' && wasDecidedElsewhere(state, fact);
  noteDigest(state, record);
  if (isAstray) voidDecision(state, fact);
  else evolve(state, fact, changes);
  return fact;
}

/** What its writer had read is not what is in this log up to there; or nobody can have read so far. */
function wasDecidedElsewhere(state: ClusterState, { seq, event }: EventFact): boolean {
  if (!('read' in event) || event.read === undefined) return false;
  if (event.read.seq >= seq) return true;
  const digest = digestAt(state, event.read.seq);
  return digest !== undefined && digest !== event.read.digest;
}
