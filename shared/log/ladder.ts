// Which snapshots are kept: a ladder up the log, so that every moment is a short way above a rung. Pure.

export interface Rung {
  /** The last sequence folded into it. */
  readonly seq: number;
  readonly bytes: number;
}

export interface LadderLimits {
  /** Most bytes in all rungs together; the newest two are kept even when they alone have more. */
  readonly maxBytes: number;
  /** Records from one rung to the next, while the log is short. */
  readonly every: number;
}

/** With rungs so far apart any moment is folded in about a second. */
export const RUNG_EVERY = 50_000;
export const LADDER_BYTES = 2 ** 30;
export const LADDER_LIMITS: LadderLimits = { maxBytes: LADDER_BYTES, every: RUNG_EVERY };

/** What a start needs: the newest, and the one before it should that be of no use. */
const NEWEST_KEPT = 2;
/** When the log is longer than so many rungs, they are twice as far apart, and so on. */
const MOST_RUNGS = 100;
/** A gap so many times as wide as it should be is worth filling. */
const TOO_WIDE = 1.5;
/** Where there is no room for more rungs: thinning them out leaves some gaps of twice the width. */
const TOO_WIDE_FOR_ROOM = 2.5;

/** The rungs to be kept, the lowest first; one for each sequence. */
export function keepRungs<Any extends Rung>(rungs: readonly Any[], limits: LadderLimits): Any[] {
  const all = orderRungs(rungs);
  const kept = spread(all, spacingFor(all.at(-1)?.seq ?? 0, limits.every));
  for (let bytes = sumBytes(kept); bytes > limits.maxBytes && kept.length > NEWEST_KEPT; ) {
    const at = leastMissed(kept);
    bytes -= kept[at]!.bytes;
    kept.splice(at, 1);
  }
  return kept;
}

interface Versioned extends Rung {
  readonly foldVersion: number;
}

/**
 * What is to be kept of all versions when a snapshot of one has been stored: its own ladder, what newer ones have, and the
 * newest of the last version before it, should that have to come back.
 */
export function keepSnapshots<Any extends Versioned>(
  stored: readonly Any[],
  foldVersion: number,
  limits: LadderLimits,
): Any[] {
  const versions = new Set(stored.map((snapshot) => snapshot.foldVersion));
  const before = Math.max(...[...versions].filter((version) => version < foldVersion));
  const of = (version: number) => stored.filter((snapshot) => snapshot.foldVersion === version);
  return [
    ...orderRungs(of(before)).slice(-NEWEST_KEPT),
    ...keepRungs(of(foldVersion), limits),
    ...stored.filter((snapshot) => snapshot.foldVersion > foldVersion),
  ];
}

/** The stretch of the log that lacks rungs: above this one (0 for none), at most so far apart, up to there. */
export interface Gap {
  readonly above: number;
  readonly every: number;
  readonly upTo: number;
}

/** The lowest gap that is wider than the limits ask for; none when a rung more would not be kept. */
export function findGap(rungs: readonly Rung[], head: number, limits: LadderLimits): Gap | undefined {
  const all = orderRungs(rungs);
  const [wanted, afforded] = [spacingFor(head, limits.every), affordedSpacing(all, head, limits.maxBytes)];
  const every = Math.max(wanted, afforded);
  const tooWide = Math.max(wanted * TOO_WIDE, afforded * TOO_WIDE_FOR_ROOM);
  let above = 0;
  for (const upTo of [...all.map(({ seq }) => seq), head]) {
    if (upTo - above > tooWide) return { above, every, upTo };
    above = upTo;
  }
  return undefined;
}

function spacingFor(head: number, every: number): number {
  let spacing = every;
  while (head > spacing * MOST_RUNGS) spacing *= 2;
  return spacing;
}

/** As far apart as rungs of the size of the largest must be. */
function affordedSpacing(rungs: readonly Rung[], head: number, maxBytes: number): number {
  const largest = rungs.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  return Math.ceil((head * largest) / maxBytes);
}

/** Two copies may have stored the same sequence: one will do, and everybody keeps the same. */
function orderRungs<Any extends Rung>(rungs: readonly Any[]): Any[] {
  const bySeq = new Map<number, Any>();
  for (const rung of rungs) if (!bySeq.has(rung.seq)) bySeq.set(rung.seq, rung);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** Without those that can go and leave no gap wider than the spacing; the newest two stay. */
function spread<Any extends Rung>(rungs: readonly Any[], spacing: number): Any[] {
  let below = 0;
  return rungs.filter(({ seq }, index) => {
    const next = rungs[index + 1];
    const isNewest = index >= rungs.length - NEWEST_KEPT;
    if (!isNewest && next!.seq - below <= spacing) return false;
    below = seq;
    return true;
  });
}

/** The one whose neighbours are closest to each other, but for the newest. */
function leastMissed(rungs: readonly Rung[]): number {
  let [least, at] = [Number.POSITIVE_INFINITY, 0];
  for (let index = 0; index < rungs.length - NEWEST_KEPT; index += 1) {
    const gap = rungs[index + 1]!.seq - (rungs[index - 1]?.seq ?? 0);
    if (gap < least) [least, at] = [gap, index];
  }
  return at;
}

function sumBytes(rungs: readonly Rung[]): number {
  return rungs.reduce((sum, { bytes }) => sum + bytes, 0);
}
