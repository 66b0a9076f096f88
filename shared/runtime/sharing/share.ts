// One copy's part of its role's work, as far as it can tell. Whose a key is follows from who is present. Whoever lets work of
// ours lie is asked whether it lives, and passed over when it does not answer: by who is level with the log, and by nobody
// else. Two copies may see this differently at any time; the log's compare-and-set makes that harmless.
import type { Clock } from '../clock.ts';
import { createDisbelief } from './disbelief.ts';
import type { Presence } from './presence.ts';
import { cutEvenly, findFirst, listBefore, type Ranked, rankedCopy } from './rendezvous.ts';
import type { Standing } from './words.ts';

export interface Share {
  /** Raised whenever keys may have changed hands. */
  readonly version: number;
  /** The copy that comes first for this key; '' when it is ours. */
  ahead(key: string): string;
  /** Which of these, that all copies know, are our part: whoever may do all of it begins with that. All when we are alone. */
  part(keys: readonly string[]): (key: string) => boolean;
  /** Somebody of our role decided about the key. */
  noteDecision(key: string): void;
  /** Until when nothing is made of it that the copy lets work lie: it is at work, or has answered, or is being asked. */
  excusedUntil(copy: string): number;
  /** It says itself that it has read as much as we have, and has nothing to do. */
  isIdle(copy: string): boolean;
  /** It has been seen to decide something. */
  hasWorked(copy: string): boolean;
  /** Whoever comes before us for the key lets it lie: they are asked. `waiting` is how much there is beside it. */
  suspect(key: string, waiting: number): void;
  /** Since when we have been awake: nothing is made of what others did not do before that. */
  readonly awakeSince: number;
  /** Whether we have read all that the log had at that time. If nobody knows, it is found out. */
  isLevelSince(time: number): boolean;
  /** We are about to do something over the head of whoever comes before us: what is noted of it may be our own decision. */
  claim(key: string): void;
  /** Copies that do nothing are said to be there: for a while nothing that is said counts. */
  disbelieve(): void;
  /** The time that all of this goes by, which is also that of `decide`. */
  now(): number;
}

export interface ShareOptions {
  readonly clock: Clock;
  /** Keys have changed hands, or more is known of the log or of a copy: work is to be looked at again. */
  readonly onChange: () => void;
  /** Resolves when all that the log has now has been folded. Without it we are level, always. */
  readonly beLevel?: (() => Promise<unknown>) | undefined;
  /** The last sequence that we have folded. */
  readonly head?: () => number;
}

/**
 * Work of another copy's is looked at after so long; it is asked, and has as long to answer. So long, too, whoever has decided
 * something or answered is let alone.
 */
export const PATIENCE_MS = 50;
/** Who has much to do answers later: so much longer it is waited for each thing that waits, and so long at most. */
const WAITING_MS = 1;
const LONGEST_SILENCE_MS = 1_000;
/** Who says so many times in a row that it has nothing to do has not just been on its way to it. */
const ENOUGH_WORDS = 2;
/** More than anybody takes over from copies that live. */
const MAX_CLAIMED = 10_000;

/** With nobody to share with, everything is our own. */
export const alone: Share = {
  version: 0,
  ahead: () => '',
  part: () => () => true,
  noteDecision: () => undefined,
  excusedUntil: () => Number.NEGATIVE_INFINITY,
  isIdle: () => false,
  hasWorked: () => true,
  suspect: () => undefined,
  awakeSince: Number.NEGATIVE_INFINITY,
  isLevelSince: () => true,
  claim: () => undefined,
  disbelieve: () => undefined,
  now: () => 0,
};

export function createShare(
  presence: Presence,
  { clock, onChange, beLevel, head = () => 0 }: ShareOptions,
): Share {
  const self = rankedCopy(presence.copy);
  /** When these last decided about something that would be ours without them, and when they last answered. */
  const decidedAt = new Map<string, number>();
  const answeredAt = new Map<string, number>();
  /** How often in a row it has said that it has nothing to do. */
  const idleWords = new Map<string, number>();
  /** Keys of others that we have taken over. */
  const claimed = new Set<string>();
  const asked = new Set<string>();
  let others: readonly Ranked[] = [];
  let version = 0;
  let levelSince = Number.NEGATIVE_INFINITY;
  let proving: Promise<boolean> | undefined;
  const disbelief = createDisbelief(() => clock.now(), recount);

  function recount(): void {
    others = disbelief.holds ? [] : [...presence.others].map(rankedCopy);
    version += 1;
  }

  presence.onSign((copy, sign) => {
    if (sign === 'went') for (const known of [decidedAt, answeredAt, idleWords]) known.delete(copy);
    if (disbelief.holds) return;
    recount();
    onChange();
  });

  /** False when the log can't be asked: then nobody is judged. */
  function proveLevel(): Promise<boolean> {
    const from = clock.now();
    proving ??= (async () => {
      const isLevel = await (beLevel?.() ?? Promise.resolve()).then(
        () => true,
        () => false,
      );
      proving = undefined;
      if (isLevel) levelSince = from;
      return isLevel;
    })();
    return proving;
  }

  async function beLevelAndLook(): Promise<void> {
    if (await proveLevel()) onChange();
  }

  async function investigate(copy: string, waiting: number): Promise<void> {
    const [askedAt, askedHead] = [clock.now(), head()];
    const patienceMs = Math.min(LONGEST_SILENCE_MS, PATIENCE_MS + WAITING_MS * waiting);
    const sign = await presence.ask(copy, patienceMs);
    // What it had decided by then has to be read before it is said to have let anything lie.
    const isProven = (sign === 'nobody' || sign === 'silence') && (await proveLevel());
    asked.delete(copy);
    if (typeof sign === 'object') noteAnswer(copy, sign, askedHead);
    else if (isProven && (sign === 'nobody' || lastSignOf(copy) < askedAt)) presence.miss(copy);
  }

  function noteAnswer(copy: string, standing: Standing, askedHead: number): void {
    answeredAt.set(copy, clock.now());
    if (standing.queued === 0 && standing.seq >= askedHead)
      idleWords.set(copy, (idleWords.get(copy) ?? 0) + 1);
    else idleWords.delete(copy);
  }

  /** The answer to an earlier question too, that came after we had taken it for silent. */
  function lastSignOf(copy: string): number {
    const at = Math.max(
      decidedAt.get(copy) ?? Number.NEGATIVE_INFINITY,
      answeredAt.get(copy) ?? Number.NEGATIVE_INFINITY,
      presence.answeredAt(copy),
    );
    // Our clock was set back.
    return at > clock.now() ? Number.NEGATIVE_INFINITY : at;
  }

  recount();
  return {
    get version() {
      disbelief.end();
      return version;
    },
    ahead: (key) => (others.length === 0 ? '' : (findFirst(key, self, others)?.id ?? '')),
    part: (keys) => cutEvenly(keys, self, others),
    noteDecision(key) {
      if (others.length === 0) return;
      const [first, ...more] = listBefore(key, self, others);
      // Of several, any but the first may have taken its part over.
      if (first === undefined || more.length > 0 || claimed.delete(key)) return;
      decidedAt.set(first.id, clock.now());
      idleWords.delete(first.id);
    },
    excusedUntil: (copy) => (asked.has(copy) ? clock.now() : lastSignOf(copy)) + PATIENCE_MS,
    isIdle: (copy) => (idleWords.get(copy) ?? 0) >= ENOUGH_WORDS,
    hasWorked: (copy) => decidedAt.has(copy),
    suspect(key, waiting) {
      for (const { id } of listBefore(key, self, others)) {
        if (asked.has(id)) continue;
        asked.add(id);
        investigate(id, waiting).catch(ignore);
      }
    },
    get awakeSince() {
      return presence.awakeSince;
    },
    isLevelSince(time) {
      if (beLevel === undefined || levelSince >= time) return true;
      if (proving === undefined) beLevelAndLook().catch(ignore);
      return false;
    },
    claim(key) {
      if (claimed.size >= MAX_CLAIMED) claimed.clear();
      claimed.add(key);
    },
    disbelieve: disbelief.begin,
    now: () => clock.now(),
  };
}

/** Neither asking nor being level ever fails. */
function ignore(): void {}
