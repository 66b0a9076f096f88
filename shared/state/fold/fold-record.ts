// The one way from a record of the log to the state: its digest, what it says, whether whoever decided it had read this
// log, and what it changes. Every copy comes to the same judgement, as it knows nothing but the log.
import { decode, type EventFact, type Fact, type PoisonFact, type RawRecord } from '@muster/events';
import type { ClusterState } from '../cluster/state.ts';
import type { Changes } from './changes.ts';
import { digestAt, noteDigest } from './digest.ts';
import { evolve, leaveOut, voidDecision } from './evolve.ts';
import type { Voiding } from './voids.ts';

/**
 * Records must come in log order, each once. `onFact` sees what a record says just before it is folded. One that is void says
 * nothing.
 */
export function foldRecord(
  state: ClusterState,
  record: RawRecord,
  changes: Changes,
  onFact?: (fact: Fact) => void,
): Fact {
  const voiding = state.voids.byRecord.get(record.seq);
  if (voiding) {
    noteDigest(state, record);
    leaveOut(state, record);
    return describeVoid(record, voiding);
  }
  const fact = decode(record, state.wireVersion);
  onFact?.(fact);
  const isAstray = fact.is === 'event' && wasDecidedElsewhere(state, fact);
  noteDigest(state, record);
  if (isAstray) voidDecision(state, fact);
  else evolve(state, fact, changes);
  return fact;
}

function describeVoid({ seq, time, subject }: RawRecord, voiding: Voiding): PoisonFact {
  return { is: 'poison', seq, time, subject, reason: `void since ${voiding.seq}: ${voiding.reason}` };
}

/** What its writer had read is not what is in this log up to there; or nobody can have read so far. */
function wasDecidedElsewhere(state: ClusterState, { seq, event }: EventFact): boolean {
  if (!('read' in event) || event.read === undefined) return false;
  if (event.read.seq >= seq) return true;
  const digest = digestAt(state, event.read.seq);
  return digest !== undefined && digest !== event.read.digest;
}
