// Work of other copies, which is looked at only when they let it lie: every copy knows all the work at any time, so that
// whoever is killed, stopped or cut off is missed for a moment only, however wrong the hints about it are.
import { createDeadlines, type Deadlines } from './deadlines.ts';
import { PATIENCE_MS, type Share } from './share.ts';

export interface HeldWorkOptions {
  readonly share: Share;
  readonly keyOf: (id: string) => string;
  /** How long a copy that lives may let one thing lie. */
  readonly lastResortMs: number;
  /** Whether what is wanted then is proof that the copy lets work lie. */
  readonly certain: boolean;
  /** It is to be done here. */
  readonly release: (id: string) => void;
}

export interface HeldWork {
  /** It is that copy's. One that is held already keeps its place. */
  hold(id: string, copy: string): void;
  drop(id: string): void;
  /** Somebody has decided about it: it is as if it had just been noticed. */
  renew(id: string): void;
  /** Finds what is due, and still `isWanted`; asks whose it is, or releases it. */
  look(now: number, isWanted: (id: string) => boolean): void;
  /** Keys have changed hands, which they may do all the time: it is no reason to wait anew. */
  regroup(): void;
  /** The clock was set back. */
  startOver(now: number): void;
  nextLook(): number | undefined;
  readonly size: number;
}

interface Held {
  readonly copy: string;
  /** When it was noticed, or somebody decided about it. */
  since: number;
}

/** What one copy is to do. */
interface Group {
  readonly deadlines: Deadlines;
  /** Something is wanted there, and the copy under suspicion: there is no hurry to look again. */
  notBefore: number;
}

/** Looked at in one turn. */
const MAX_LOOKS = 1_000;

export function createHeldWork({ share, keyOf, lastResortMs, certain, release }: HeldWorkOptions): HeldWork {
  const held = new Map<string, Held>();
  const groups = new Map<string, Group>();
  let unfinished = false;

  function put(id: string, entry: Held): void {
    held.set(id, entry);
    let group = groups.get(entry.copy);
    if (!group) {
      group = { deadlines: createDeadlines(), notBefore: Number.NEGATIVE_INFINITY };
      groups.set(entry.copy, group);
    }
    group.deadlines.set(id, entry.since + PATIENCE_MS);
  }

  /** The next of the copy's that has lain there since `since` at the latest. */
  function takeDue(copy: string, { deadlines }: Group, since: number): string | undefined {
    for (;;) {
      const id = deadlines.take(since + PATIENCE_MS);
      const entry = id === undefined ? undefined : held.get(id);
      if (id === undefined || (entry?.copy === copy && entry.since <= since)) return id;
      if (entry?.copy === copy) deadlines.set(id, entry.since + PATIENCE_MS);
    }
  }

  /** When the copy has let it lie for too long, though it lives. */
  function overdueAt(copy: string, since: number): number {
    const patienceMs = share.isIdle(copy) ? Math.min(PATIENCE_MS, lastResortMs) : lastResortMs;
    return Math.max(since, share.awakeSince) + patienceMs;
  }

  /** True when it is out of our way. False when it lies there, and it will be known later why. */
  function judge(id: string, { copy, since }: Held, now: number): boolean {
    const overdue = overdueAt(copy, since);
    if (now < overdue) share.suspect(keyOf(id), held.size);
    else if (share.isLevelSince(overdue)) {
      held.delete(id);
      share.claim(keyOf(id));
      release(id);
      return true;
    }
    return false;
  }

  function lookAt(copy: string, group: Group, now: number, isWanted: (id: string) => boolean): void {
    const isExcused = share.excusedUntil(copy) > now && !share.isIdle(copy);
    const since = now - (isExcused ? lastResortMs : Math.min(PATIENCE_MS, lastResortMs));
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const id = takeDue(copy, group, since);
      if (id === undefined) return;
      const entry = held.get(id)!;
      if (!isWanted(id)) held.delete(id);
      else if (!judge(id, entry, now)) {
        put(id, entry);
        group.notBefore = now + PATIENCE_MS;
        return;
      } else if (certain && !share.hasWorked(copy) && !share.isIdle(copy)) {
        share.disbelieve();
        return;
      }
    }
    unfinished = true;
  }

  function nextLookAt(copy: string, { deadlines, notBefore }: Group): number | undefined {
    const next = deadlines.next();
    if (next === undefined) return undefined;
    const overdue = overdueAt(copy, next - PATIENCE_MS);
    return Math.max(notBefore, Math.min(Math.max(next, share.excusedUntil(copy)), overdue));
  }

  return {
    hold(id, copy) {
      const known = held.get(id);
      if (known?.copy !== copy) put(id, { copy, since: known?.since ?? share.now() });
    },
    drop(id) {
      held.delete(id);
    },
    renew(id) {
      const entry = held.get(id);
      if (entry) entry.since = share.now();
    },
    look(now, isWanted) {
      unfinished = false;
      for (const [copy, group] of groups) lookAt(copy, group, now, isWanted);
    },
    regroup() {
      const before = [...held];
      held.clear();
      groups.clear();
      for (const [id, { since }] of before) {
        const copy = share.ahead(keyOf(id));
        if (copy === '') release(id);
        else put(id, { copy, since });
      }
    },
    startOver(now) {
      for (const [id, { copy }] of [...held]) put(id, { copy, since: now });
    },
    nextLook() {
      if (unfinished) return Number.NEGATIVE_INFINITY;
      let earliest: number | undefined;
      for (const [copy, group] of groups) {
        const next = nextLookAt(copy, group);
        if (next !== undefined && !(next >= earliest!)) earliest = next;
      }
      return earliest;
    },
    get size() {
      return held.size;
    },
  };
}
