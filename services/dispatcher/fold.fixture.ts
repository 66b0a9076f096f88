// A follower of a history, for tests of what goes by the fold turn by turn.
import type { RawRecord } from '@muster/events';
import type { TurnListener } from '@muster/runtime';
import { createChanges, createState, foldRecord } from '@muster/state';

/** A fold that goes as far as it is told to. */
export function startFold(records: readonly RawRecord[]) {
  const state = createState();
  const listeners = new Set<TurnListener>();
  return {
    state,
    isCertain: true,
    onTurn(listener: TurnListener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    foldTo(seq: number) {
      const changes = createChanges();
      for (const record of records.slice(state.head, seq)) foldRecord(state, record, changes);
      for (const listener of listeners) listener(state, changes);
    },
  };
}
