// What a reducer is, beside its decisions: it hears what changed and what others have decided, begins rounds, and says when it is to
// be woken. Its kinds of objects are decided about in turn; a reducer that goes about it in another way has a `decide` of its own.
import type { Decision, Reducer } from '../reducers/reducer.ts';
import type { Attention, Attentive } from './attention.ts';
import type { LookingAfter, Round } from './look-after.ts';

export interface Attending extends Required<Omit<Reducer, 'decide'>> {
  startRound(state: Round['state'], now: number): Round;
  /** The round's decisions. With none there is time to tell of what a bug of ours has met. */
  conclude(decisions: readonly Decision[]): readonly Decision[];
}

export function attend({ name, share }: Attentive, attentions: readonly Attention[]): Attending {
  return {
    name,
    notice(state, changes) {
      for (const attention of attentions) attention.notice(state, changes);
    },
    noteDecision(state, fact) {
      const keys = attentions.map((attention) => attention.noteDecision(state, fact));
      // Of several that it is about, one is enough to tell whose decision it was.
      const key = keys.find((found) => found !== undefined);
      if (key !== undefined) share?.noteDecision(key);
    },
    startRound(state, now) {
      for (const attention of attentions) attention.wake(state, now);
      return { state, now, taken: new Set() };
    },
    conclude(decisions) {
      if (decisions.length === 0) for (const attention of attentions) attention.tell();
      return decisions;
    },
    nextWake: () => earliest(attentions.map((attention) => attention.nextWake())),
    backlog: () => ({
      ...Object.fromEntries(attentions.map((attention) => [attention.name, attention.size])),
      held: attentions.reduce((sum, attention) => sum + attention.held, 0),
    }),
  };
}

/** A reducer of nothing but such kinds. */
export function attendInTurn(self: Attentive, kinds: readonly LookingAfter[]): Reducer {
  const { startRound, conclude, ...reducer } = attend(self, kinds);
  return {
    ...reducer,
    decide(state, now) {
      const round = startRound(state, now);
      return conclude(kinds.flatMap((kind) => kind.decide(round)));
    },
  };
}

export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
