// Lets a reducer decide on a history until it has nothing more to decide, as its loop would: one round after the
// other, each folded before the next.
import { type EventDraft, subjectOfEvent } from '@muster/events';
import type { Decision, Reducer } from '@muster/runtime';
import { clearChanges, lastSeqOf } from '@muster/state';
import type { History } from './given.ts';

const MAX_ROUNDS = 1000;

/** Returns the events of all rounds. Throws when there is no end to them. */
export function settle(history: History, reducer: Reducer): EventDraft[] {
  const events: EventDraft[] = [];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const decisions = decideOnce(history, reducer);
    if (decisions.length === 0 && !mustGoOn(history, reducer)) return events;
    for (const decision of decisions) appendDecision(history, decision);
    events.push(...decisions.map(({ event }) => event));
  }
  throw new Error(`${reducer.name} does not settle in ${MAX_ROUNDS} rounds`);
}

/** One round, of which nothing reaches the history yet. */
export function decideOnce(history: History, reducer: Reducer): readonly Decision[] {
  reducer.notice(history.state, history.changes);
  clearChanges(history.changes);
  return reducer.decide(history.state, history.now);
}

/** False when another event on the subject came first. */
export function appendDecision(history: History, { event, expect }: Decision): boolean {
  if (lastSeqOf(history.state, subjectOfEvent(event)) !== expect) return false;
  history.append(event);
  return true;
}

function mustGoOn({ now }: History, reducer: Reducer): boolean {
  return (reducer.nextWake() ?? Number.POSITIVE_INFINITY) <= now;
}
