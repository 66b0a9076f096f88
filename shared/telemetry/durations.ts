// How long things took, counted in buckets: adding one costs a few nanoseconds, and what two looks at it differ by tells
// what happened in between. Pure.

/** Upper bounds of the buckets; one more holds what took longer. */
export const BOUNDS_MS = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000,
] as const;

export interface Durations {
  /** How many in each bucket. */
  readonly counts: readonly number[];
  readonly totalMs: number;
  add(ms: number): void;
}

export function createDurations(): Durations {
  const counts = new Array<number>(BOUNDS_MS.length + 1).fill(0);
  let totalMs = 0;
  return {
    counts,
    get totalMs() {
      return totalMs;
    },
    add(ms) {
      let bucket = 0;
      while (bucket < BOUNDS_MS.length && ms > BOUNDS_MS[bucket]!) bucket += 1;
      counts[bucket]! += 1;
      totalMs += ms;
    },
  };
}

/**
 * What a share of all durations stayed below, supposing that they lie evenly in their bucket. Undefined when there
 * are none; the last bound when it lies beyond it.
 */
export function quantileOf(counts: readonly number[], share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const wanted = share * total;
  let below = 0;
  for (const [bucket, upperMs] of BOUNDS_MS.entries()) {
    const count = counts[bucket] ?? 0;
    if (count > 0 && below + count >= wanted) {
      const lowerMs = BOUNDS_MS[bucket - 1] ?? 0;
      return lowerMs + ((upperMs - lowerMs) * (wanted - below)) / count;
    }
    below += count;
  }
  return BOUNDS_MS.at(-1);
}
