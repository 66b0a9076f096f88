// Decides about objects one by one: takes those in line, looks at each, and makes of what is found the round's decisions. What was
// decided stays in line, behind the others, until a look finds nothing: a decision may be lost.
import { type EventDraft, eventSubject, subjectOfEvent } from '@muster/events';
import { type ClusterState, lastSeqOf } from '@muster/state';
import type { Decision } from '../reducers/reducer.ts';
import { type Attention, type Attentive, createAttention, type ObjectKind } from './attention.ts';

export interface Look {
  /** What is to be decided now. */
  readonly event?: EventDraft | undefined;
  /** When to look again though nothing changed. */
  readonly wakeAt?: number | undefined;
}

export interface LookedAfter extends ObjectKind {
  /** Decisions of one round. The rest has its turn in the next: no flood of one kind starves another. */
  readonly perRound: number;
  /** A turn ends where its decisions have come to weigh so much. */
  readonly perTurn?: { readonly weight: number; weigh(event: EventDraft): number };
  /**
   * Writes nothing: what it finds may come to nothing, and it is asked of another copy's objects too. A bug that one meets is no
   * other's matter.
   */
  look(state: ClusterState, id: string, now: number): Look | undefined;
  /** What the last round gave is in the state by now, or has come to nothing. */
  beginRound?(): void;
  /** This is decided in this round: what it gives is nobody else's in it. */
  give?(event: EventDraft): void;
  /** Has it looked at by another clock than that of `decide`. */
  wakeAt?(id: string, at: number): void;
}

export interface Round {
  readonly state: ClusterState;
  readonly now: number;
  /** Subjects with a decision: there is place for one on each. */
  readonly taken: Set<string>;
}

export interface LookingAfter extends Attention {
  /** One turn in the round, of all that are in line; or of these alone, as far as they are. */
  decide(round: Round, only?: Iterable<string>): Decision[];
}

export function lookAfter(self: Attentive, kind: LookedAfter): LookingAfter {
  const { perRound, perTurn } = kind;
  const attention = createAttention(self, kind, (...object) => look(...object) !== undefined);
  const wakeAt = kind.wakeAt ?? attention.addAt;
  let made = 0;

  function look(state: ClusterState, id: string, now: number): EventDraft | undefined {
    const found = attention.guard(id, now, () => kind.look(state, id, now));
    if (found?.wakeAt !== undefined) wakeAt(id, found.wakeAt);
    return found?.event;
  }

  function* takeFrom(ids: Iterable<string> | undefined): Generator<string> {
    for (const id of ids ?? []) if (attention.claim(id)) yield id;
    if (ids === undefined) for (let id = attention.take(); id !== undefined; id = attention.take()) yield id;
  }

  function decide({ state, now, taken }: Round, only?: Iterable<string>): Decision[] {
    const decisions: Decision[] = [];
    const again: string[] = [];
    const ids = takeFrom(only);
    let weight = 0;
    while (made < perRound && weight < (perTurn?.weight ?? Number.POSITIVE_INFINITY)) {
      const next = ids.next();
      if (next.done) break;
      const id = next.value;
      const own = kind.subject && eventSubject(self.name, kind.subject, id);
      const isTaken = own !== undefined && taken.has(own);
      const event = isTaken ? undefined : look(state, id, now);
      if (isTaken || event) again.push(id);
      const subject = event && subjectOfEvent(event);
      if (!event || !subject || taken.has(subject)) continue;
      taken.add(subject);
      kind.give?.(event);
      decisions.push({ event, expect: lastSeqOf(state, subject) });
      made += 1;
      weight += perTurn?.weigh(event) ?? 0;
    }
    for (const id of again) attention.add(id);
    return decisions;
  }

  const { wake } = attention;
  return Object.assign(attention, {
    wake(state: ClusterState, now: number) {
      made = 0;
      kind.beginRound?.();
      wake(state, now);
    },
    decide,
  });
}
