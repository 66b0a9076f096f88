// Bugs of ours that single objects meet. Such an object is left alone for a while and holds up no other; what it met is
// told once nothing else is to be done.
import type { WorkList } from './work-list.ts';

export const RETRY_BROKEN_MS = 10_000;

export interface Faults {
  /** What `look` returns; undefined when it breaks down: then the object is due again after a while. */
  guard<Result>(id: string, now: number, look: () => Result): Result | undefined;
  /** The object broke down. */
  note(id: string, now: number, error: unknown): void;
  /** Throws what was met since the last time, the first of it. */
  tell(): void;
}

export function createFaults(list: Pick<WorkList, 'addAt'>): Faults {
  let first: { readonly error: unknown } | undefined;

  function note(id: string, now: number, error: unknown): void {
    list.addAt(id, now + RETRY_BROKEN_MS);
    first ??= { error };
  }

  return {
    guard(id, now, look) {
      try {
        return look();
      } catch (error) {
        note(id, now, error);
        return undefined;
      }
    },
    note,
    tell() {
      if (!first) return;
      const { error } = first;
      first = undefined;
      throw error;
    },
  };
}
