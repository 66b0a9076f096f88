// Who answers whenever it is asked, says that it is busy, and was never seen to do anything, is invented. There may be any
// number of such copies, and they go on talking: so what is said counts for nothing for ten seconds, then for twice as long,
// and so on up to a minute.

const FIRST_MS = 10_000;
const LONGEST_MS = 60_000;

export interface Disbelief {
  readonly holds: boolean;
  begin(): void;
  /** If its time is over. */
  end(): void;
}

export function createDisbelief(now: () => number, onChange: () => void): Disbelief {
  let current: { readonly since: number; readonly ms: number } | undefined;
  let last = { until: Number.NEGATIVE_INFINITY, ms: 0 };
  return {
    get holds() {
      return current !== undefined;
    },
    begin() {
      if (current !== undefined) return;
      const since = now();
      const isNew = since - last.until > LONGEST_MS;
      const ms = isNew ? FIRST_MS : Math.min(LONGEST_MS, 2 * last.ms);
      current = { since, ms };
      last = { until: since + ms, ms };
      onChange();
    },
    end() {
      if (current === undefined) return;
      const passed = now() - current.since;
      if (passed >= 0 && passed < current.ms) return;
      current = undefined;
      onChange();
    },
  };
}
