// One copy's part of its role's work, as far as it can tell. Whose a key is follows from who is present, less those who
// are silent: who had work of ours to take over, and let it lie. Two copies may see this differently at any time; the
// log's compare-and-set makes that harmless, and work-list.ts makes it short.
import type { Clock } from '../clock.ts';
import type { Presence } from './presence.ts';
import { type Ranked, rankBefore, rankedCopy } from './rendezvous.ts';

export interface Share {
  /** Raised whenever keys may have changed hands. */
  readonly version: number;
  /** The copies that come before us for this key, in order, separated by blanks; '' when it is our own. */
  ahead(key: string): string;
  /** Somebody of our role decided about the key. It was the first of those ahead of us, as far as we know. */
  noteDecision(key: string): void;
  /** We are about to decide about the key: what is noted of it from here on may be our own decision. */
  claim(key: string): void;
  /** When these copies last decided about something that would be ours without them. */
  activeAt(ahead: string): number;
  /** The first of these has left its work undone: it is passed over until it is heard of again. */
  distrust(ahead: string): void;
  /** And so has whoever was to take it over: for a while nothing that is said counts, and everything is ours. */
  disbelieve(): void;
  /** The time that all of this goes by, which is also that of `decide`. */
  now(): number;
}

/**
 * Who is said to be there, and lets work lie, is one that has just died, or invented. Of the latter there may be any
 * number, and they go on talking: so what is said counts for nothing for so long, then for twice as long, and so on.
 */
const FIRST_DISBELIEF_MS = 1_000;
const LONGEST_DISBELIEF_MS = 60_000;
/** Of so many orders of copies that work stands in it is remembered who is active. */
const MAX_REMEMBERED = 10_000;

/** With nobody to share with, everything is our own. */
export const alone: Share = {
  version: 0,
  ahead: () => '',
  noteDecision: () => undefined,
  claim: () => undefined,
  activeAt: () => Number.NEGATIVE_INFINITY,
  distrust: () => undefined,
  disbelieve: () => undefined,
  now: () => 0,
};

/** `onChange` is called when keys have changed hands for another reason than our own distrust. */
export function createShare(presence: Presence, clock: Pick<Clock, 'now'>, onChange: () => void): Share {
  const self = rankedCopy(presence.copy);
  const silent = new Set<string>();
  const decidedAt = new Map<string, number>();
  /** Keys of silent copies that we have taken over. */
  const claimed = new Set<string>();
  let trusted: readonly Ranked[] = [];
  let version = 0;
  let disbelief: { readonly since: number; readonly ms: number } | undefined;
  let lastDisbelief = { until: Number.NEGATIVE_INFINITY, ms: 0 };

  function recount(): void {
    const heard = disbelief === undefined ? presence.others : [];
    trusted = [...heard].filter((copy) => !silent.has(copy)).map(rankedCopy);
    version += 1;
    if (silent.size === 0) claimed.clear();
  }

  function disbelieve(): void {
    const now = clock.now();
    const isNew = now - lastDisbelief.until > LONGEST_DISBELIEF_MS;
    const ms = isNew ? FIRST_DISBELIEF_MS : Math.min(LONGEST_DISBELIEF_MS, 2 * lastDisbelief.ms);
    disbelief = { since: now, ms };
    lastDisbelief = { until: now + ms, ms };
    recount();
  }

  function believeAgain(): void {
    if (disbelief === undefined) return;
    const passed = clock.now() - disbelief.since;
    if (passed >= 0 && passed < disbelief.ms) return;
    disbelief = undefined;
    recount();
  }

  function forget(copy: string): void {
    for (const copies of decidedAt.keys()) if (copies.includes(copy)) decidedAt.delete(copies);
  }

  presence.onSign((copy, sign) => {
    believeAgain();
    if (disbelief !== undefined) return;
    const wasSilent = silent.delete(copy);
    if (sign === 'stays' && !wasSilent) return;
    if (sign === 'went') forget(copy);
    recount();
    onChange();
  });

  /** Not our doing, and nobody but one that is silent comes before us: it was slow, and is there. */
  function trustWhoeverDecides(key: string): void {
    const before = rankBefore(key, self, [...presence.others].map(rankedCopy));
    if (before.length !== 1 || !silent.delete(before[0]!.id)) return;
    recount();
    onChange();
  }

  function ahead(key: string): string {
    if (trusted.length === 0) return '';
    const before = rankBefore(key, self, trusted);
    return before.length === 1 ? before[0]!.id : before.map(({ id }) => id).join(' ');
  }

  recount();
  return {
    get version() {
      believeAgain();
      return version;
    },
    ahead,
    noteDecision(key) {
      if (silent.size > 0 && !claimed.has(key)) trustWhoeverDecides(key);
      if (trusted.length === 0) return;
      if (decidedAt.size >= MAX_REMEMBERED) decidedAt.clear();
      decidedAt.set(ahead(key), clock.now());
    },
    claim(key) {
      if (silent.size > 0) claimed.add(key);
    },
    activeAt: (copies) => decidedAt.get(copies) ?? Number.NEGATIVE_INFINITY,
    distrust(copies) {
      silent.add(copies.split(' ', 1)[0]!);
      recount();
    },
    disbelieve,
    now: () => clock.now(),
  };
}
