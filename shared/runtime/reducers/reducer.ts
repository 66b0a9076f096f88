// What a reducer is: pure decisions over folded state. The loop around it (reducer-loop.ts) is the same for all.
import type { EventDraft, EventFact } from '@muster/events';
import type { ClusterState } from '@muster/state';

/** The most bytes that a record may have: asked at each decision, as the server at the other end may be another one. */
export type RecordLimit = () => number;

/** Below NATS' default. */
export const usualRecordLimit: RecordLimit = () => 1_000_000;

/** One message to be appended if nobody was faster. */
export interface Decision {
  readonly event: EventDraft;
  /** The last sequence folded on the event's own subject: the compare-and-set. */
  readonly expect: number;
}

/** What was touched, by id: state's Changes, or everything there is. */
export interface Noticed {
  readonly services: Iterable<string>;
  readonly nodes: Iterable<string>;
  readonly networks: Iterable<string>;
  readonly tasks: Iterable<string>;
  readonly intents: Iterable<number>;
  readonly poison: Iterable<number>;
}

export interface Reducer {
  readonly name: 'orchestrator' | 'allocator' | 'scheduler' | 'dispatcher';
  /** Where to look in the next `decide`. Called after folding, with everything at start-up. */
  notice(state: ClusterState, changes: Noticed): void;
  /**
   * A copy of this reducer has decided, and this is about to be folded: how copies that share work see one another
   * at it. Never needed by one alone.
   */
  noteDecision?(state: ClusterState, fact: EventFact): void;
  /**
   * What is to be decided now. No clock, no randomness, no I/O; the same state, notices and `now` (ms since the
   * epoch) give the same decisions. What it returns may be lost: it must be found again from the state until
   * the state shows it, so whatever it looks at stays noticed until it needs no decision.
   */
  decide(state: ClusterState, now: number): readonly Decision[];
  /** When to look again though nothing changed, ms since the epoch; undefined when there is no such time. */
  nextWake(): number | undefined;
  /** What it has noticed and will look at in a later `decide`, counted by kind; only to be measured. */
  backlog?(): Readonly<Record<string, number>>;
}
