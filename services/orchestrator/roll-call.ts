// Who there is, by hearsay on the bus: every copy of every role that was heard of, and what it reads. Anybody may say
// anything there, so whatever is in doubt makes for one copy more, and for the older one. Pure.
import { BEAT_MS, GONE_AFTER_MS, type HeardOf } from '@muster/runtime';

/** Who starts to listen has heard everybody after this: ten beats. */
export const LISTEN_MS = 10 * BEAT_MS;
/** Who is there has said so after this, unless something keeps him from it. */
export const GLANCE_MS = 1.5 * BEAT_MS;
/** Who has fallen silent and not said goodbye may be stopped, or cut off, and come back. */
export const REMEMBER_MS = 60 * BEAT_MS;
/** Said by us all the time, too: when nothing at all is heard for so long, we are deaf. */
const DEAF_AFTER_MS = GONE_AFTER_MS;
const MAX_COPIES = 10_000;

export interface Present {
  readonly role: string;
  readonly title: string;
  readonly reads: number;
}

export interface RollCall {
  note(heard: HeardOf, now: number): void;
  /** Undefined while somebody may not have been heard yet: `listenMs` is how long that is taken to be. */
  call(now: number, listenMs?: number): readonly Present[] | undefined;
}

interface Known extends Present {
  heardAt: number;
  /** When it said goodbye, or somebody in its name did. */
  leftAt: number | undefined;
}

export function startRollCall(): RollCall {
  const copies = new Map<string, Known>();
  let since = Number.POSITIVE_INFINITY;
  let lastWordAt = Number.NEGATIVE_INFINITY;

  function note({ role, copy, word, reads, title }: HeardOf, now: number): void {
    const wasDeaf = now - lastWordAt > DEAF_AFTER_MS;
    const wasSetBack = now < lastWordAt;
    if (wasDeaf || wasSetBack) since = now;
    if (wasSetBack) for (const known of copies.values()) known.heardAt = now;
    lastWordAt = now;
    const key = `${role} ${copy}`;
    const known = copies.get(key);
    if (word === 'bye') {
      if (known) known.leftAt ??= now;
    } else if (known || copies.size < MAX_COPIES) {
      // A copy's own version never changes.
      const least = Math.min(reads, known?.reads ?? reads);
      copies.set(key, { role, title, reads: least, heardAt: now, leftAt: undefined });
    } else {
      // More than anybody has: some of them may be true.
      since = now;
    }
  }

  function call(now: number, listenMs = LISTEN_MS): readonly Present[] | undefined {
    if (now - since < listenMs || now < lastWordAt || now - lastWordAt > DEAF_AFTER_MS) return undefined;
    for (const [key, known] of copies) if (isGone(known, now)) copies.delete(key);
    return [...copies.values()];
  }

  return { note, call };
}

/** Whoever is still there after a goodbye is heard again before the time is up. */
function isGone({ heardAt, leftAt }: Known, now: number): boolean {
  return now - heardAt > REMEMBER_MS || (leftAt !== undefined && now - leftAt > GONE_AFTER_MS);
}
