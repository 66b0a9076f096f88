// What a reducer keeps in view of one kind of object: which of them are in line, whose they are and whose turn it is, and which
// have met a bug of ours. What is to be decided about one is the reducer's own.
import type { EventFact, EventKind } from '@muster/events';
import type { ClusterState } from '@muster/state';
import type { Noticed, Reducer } from '../reducers/reducer.ts';
import { createFaults, type Faults } from '../sharing/faults.ts';
import type { Share } from '../sharing/share.ts';
import { createWorkList, type WorkList } from '../sharing/work-list.ts';

/** A copy of a reducer. */
export interface Attentive {
  readonly name: Reducer['name'];
  /** Which objects are ours; all of them by default. */
  readonly share?: Share | undefined;
}

/** A kind of object, as far as it matters whose they are and when they are looked at. Any of them may be gone when it is asked. */
export interface ObjectKind {
  /** As those that wait are counted. */
  readonly name: string;
  /** Where each has a subject of its own, that ends in its id: the token before it. */
  readonly subject?: EventKind;
  /** What decides which copy's it is; by default the id. */
  keyOf?(state: ClusterState, id: string): string;
  /** Who has a turn with it; by default there is but one tenant. */
  tenantOf?(state: ClusterState, id: string): string;
  /**
   * Those that a change may concern. Without it the reducer says itself which are to be looked at. Of its kinds only one goes
   * through the tasks, and once: at the start there may be millions.
   */
  concerned?(state: ClusterState, changes: Noticed): Iterable<string>;
  /** Which of them a decision is about, before it is folded; by default the one whose subject it is on. */
  decided?(state: ClusterState, fact: EventFact): string | undefined;
  /** How long a busy copy may let one lie, and whether it is proof of anything that it does (work-list.ts). */
  readonly lastResortMs?: number;
  readonly certain?: boolean;
}

export interface Attention extends Pick<WorkList, 'add' | 'take' | 'claim' | 'nextWake'>, Faults {
  readonly name: string;
  addAt: WorkList['addAt'];
  notice(state: ClusterState, changes: Noticed): void;
  /** Which of these the decision is about: its key. */
  noteDecision(state: ClusterState, fact: EventFact): string | undefined;
  /** A round begins: what is due comes into line. */
  wake(state: ClusterState, now: number): void;
  /** In line, and held for another copy. */
  readonly size: number;
  readonly held: number;
}

/** `isWanted`: there is something to be decided about it now. */
export function createAttention(
  { share }: Attentive,
  kind: ObjectKind,
  isWanted: (state: ClusterState, id: string, now: number) => boolean,
): Attention {
  let known: ClusterState | undefined;
  const { subject, lastResortMs, certain } = kind;
  const keyOf = (id: string) => (known && kind.keyOf?.(known, id)) ?? id;
  const tenantOf = (id: string) => (known && kind.tenantOf?.(known, id)) ?? '';
  const list = createWorkList({
    share,
    keyOf,
    tenantOf,
    ...(lastResortMs !== undefined && { lastResortMs }),
    ...(certain !== undefined && { certain }),
  });

  function findDecided(state: ClusterState, fact: EventFact): string | undefined {
    if (kind.decided) return kind.decided(state, fact);
    return fact.address.kind === subject ? fact.address.id : undefined;
  }

  return {
    name: kind.name,
    ...createFaults(list),
    add: list.add,
    addAt: list.addAt,
    take: list.take,
    claim: list.claim,
    nextWake: list.nextWake,
    notice(state, changes) {
      known = state;
      for (const id of kind.concerned?.(state, changes) ?? []) list.add(id);
    },
    noteDecision(state, fact) {
      known = state;
      const id = findDecided(state, fact);
      if (id === undefined) return undefined;
      list.noteDecision(id);
      return keyOf(id);
    },
    wake(state, now) {
      known = state;
      list.wake(now, (id) => isWanted(state, id, now));
    },
    get size() {
      return list.size;
    },
    get held() {
      return list.held;
    },
  };
}
