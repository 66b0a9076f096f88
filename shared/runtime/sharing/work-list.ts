// What a copy of a reducer has to look at. Its own share it takes at once, each tenant in turn. What is another copy's
// it holds, and looks at only when that copy lets it lie: every copy knows all the work at any time, so that whoever is
// killed, stopped or cut off is missed for a moment only, however wrong the hints about it are.
import { createDeadlines, type Deadlines } from './deadlines.ts';
import { createFairQueue } from './fair-queue.ts';
import { alone, type Share } from './share.ts';

/**
 * Held work is looked at after so long, and again after as long: who has not decided anything meanwhile, though there
 * was something to be decided both times, is silent.
 */
export const PATIENCE_MS = 50;
/** Who looks this much later than he meant to is slow himself, and others may be as well: it counts half. */
const LATE_MS = 25;
/** Doubt that a look in good time adds, and doubt that makes certain. */
const DOUBT = 2;
const ENOUGH_DOUBT = 2 * DOUBT;
/** Whoever came next has had as long: then nothing that is said of who is there counts. */
const HOPELESS = 2 * ENOUGH_DOUBT;
/** Longer than any two copies can think differently of who is there: then a busy copy is no excuse either. */
const LAST_RESORT_MS = 5_000;
/** Held work looked at in one turn. */
const MAX_LOOKS = 1_000;

export interface WorkListOptions {
  readonly share?: Share | undefined;
  /** What decides whose it is; by default the id itself. */
  readonly keyOf?: (id: string) => string;
  /** Who has a turn with it; by default there is but one tenant. */
  readonly tenantOf?: (id: string) => string;
  /** How long a busy copy may let it lie. */
  readonly lastResortMs?: number;
  /** Whether what `isWanted` says is proof that a copy lets work lie; true by default. */
  readonly certain?: boolean;
}

export interface WorkList {
  /** There may be something to decide about it. */
  add(id: string): void;
  /** There will be, then: the same as `add` at that time. */
  addAt(id: string, at: number): void;
  /** Somebody has decided about it. */
  noteDecision(id: string): void;
  /**
   * Brings forward what is due: timers, and work of others that they let lie. `isWanted` says whether there is really
   * something to be decided about it now.
   */
  wake(now: number, isWanted: (id: string) => boolean): void;
  /** The next to look at, out of those that are ours. Gone from the list: added again if there is more to come. */
  take(): string | undefined;
  /** Takes out this one, if it is next in anybody's line. */
  claim(id: string): boolean;
  /** When `wake` is to be called again though nothing was added. */
  nextWake(): number | undefined;
  /** Ready to be taken. */
  readonly size: number;
  /** Held, because another copy is to do it. */
  readonly held: number;
}

interface Held {
  /** The copies that come before us, as Share.ahead has them. */
  readonly ahead: string;
  /** When it was noticed, somebody decided about it, or it was doubted. */
  since: number;
  /** Grows with each look that found something to be decided. */
  doubt: number;
}

export function createWorkList(options: WorkListOptions = {}): WorkList {
  const { share = alone, keyOf = (id) => id, tenantOf = () => '' } = options;
  const { lastResortMs = LAST_RESORT_MS, certain = true } = options;
  const ready = createFairQueue();
  const timers = createDeadlines();
  const held = new Map<string, Held>();
  /** When to look at what is held, by the copies that come before us. */
  const looks = new Map<string, Deadlines>();
  let { version } = share;
  let lastNow = Number.NEGATIVE_INFINITY;
  let unfinished = false;

  function add(id: string): void {
    const ahead = share.ahead(keyOf(id));
    if (ahead === '') {
      held.delete(id);
      ready.add(id, tenantOf(id));
    } else if (held.get(id)?.ahead !== ahead && !ready.has(id)) {
      // One that was let lie keeps its place in line, however often it is noticed again.
      const { since, doubt } = held.get(id) ?? { since: share.now(), doubt: 0 };
      hold(id, { ahead, since, doubt });
    }
  }

  /** Out of the line, unless it is ours. */
  function giveBack(id: string): void {
    if (share.ahead(keyOf(id)) === '') return;
    ready.delete(id);
    add(id);
  }

  function hold(id: string, entry: Held): void {
    held.set(id, entry);
    let deadlines = looks.get(entry.ahead);
    if (!deadlines) {
      deadlines = createDeadlines();
      looks.set(entry.ahead, deadlines);
    }
    deadlines.set(id, entry.since + PATIENCE_MS);
  }

  /** Keys have changed hands, which they may do all the time: it is no reason to wait anew. */
  function regroup(): void {
    version = share.version;
    const before = [...held];
    held.clear();
    looks.clear();
    for (const id of [...ready.names()]) giveBack(id);
    for (const [id, entry] of before) {
      const ahead = share.ahead(keyOf(id));
      if (ahead === '') ready.add(id, tenantOf(id));
      else if (isNextsTurn(entry, ahead)) hold(id, { ahead, since: share.now(), doubt: ENOUGH_DOUBT });
      else hold(id, { ...entry, ahead });
    }
  }

  /** The one that it waited for is silent, or gone. Whoever comes next is given as long, once. */
  function isNextsTurn(entry: Held, ahead: string): boolean {
    const [first] = entry.ahead.split(' ', 1);
    return entry.doubt < ENOUGH_DOUBT && !ahead.split(' ').includes(first!);
  }

  function startOver(now: number): void {
    for (const [id, { ahead }] of [...held]) hold(id, { ahead, since: now, doubt: 0 });
  }

  function isIdle(ahead: string, now: number): boolean {
    const activeAt = share.activeAt(ahead);
    return activeAt > now || activeAt + PATIENCE_MS <= now;
  }

  /** False when it has found a copy silent: then everything is to be looked at anew. */
  function lookAtHeld(ahead: string, deadlines: Deadlines, now: number, isWanted: (id: string) => boolean) {
    const idle = isIdle(ahead, now);
    // Of what a busy copy is to do, only that which waits for too long.
    const since = now - (idle ? PATIENCE_MS : lastResortMs);
    for (let count = 0; count < MAX_LOOKS; count += 1) {
      const id = deadlines.take(since + PATIENCE_MS);
      if (id === undefined) return true;
      const entry = held.get(id);
      if (entry?.ahead !== ahead) continue;
      if (entry.since > since) {
        deadlines.set(id, entry.since + PATIENCE_MS);
        continue;
      }
      held.delete(id);
      if (!isWanted(id)) continue;
      const doubt = doubtAfterLook(entry, now);
      const isFirsts = entry.doubt < ENOUGH_DOUBT;
      if (idle && doubt < (isFirsts ? ENOUGH_DOUBT : HOPELESS)) {
        hold(id, { ahead, since: now, doubt });
      } else if (!idle || !certain) {
        ready.add(id, tenantOf(id));
      } else {
        held.set(id, entry);
        if (isFirsts) share.distrust(ahead);
        else share.disbelieve();
        return false;
      }
    }
    unfinished = true;
    return true;
  }

  function doubtAfterLook({ ahead, since, doubt }: Held, now: number): number {
    const activeAt = share.activeAt(ahead);
    const late = now > Math.max(since, activeAt) + PATIENCE_MS + LATE_MS;
    return (activeAt > since ? 0 : doubt) + (late ? DOUBT / 2 : DOUBT);
  }

  function wake(time: number, isWanted: (id: string) => boolean): void {
    for (const id of timers.takeDue(time)) add(id);
    if (share === alone) return;
    const now = share.now();
    if (now < lastNow) startOver(now); // our clock was set back
    lastNow = now;
    do {
      unfinished = false;
      if (version !== share.version) regroup();
    } while (![...looks].every(([ahead, deadlines]) => lookAtHeld(ahead, deadlines, now, isWanted)));
  }

  return {
    add,
    addAt: (id, at) => timers.set(id, at),
    noteDecision(id) {
      if (ready.has(id)) giveBack(id);
      const entry = held.get(id);
      if (!entry) return;
      entry.since = share.now();
      entry.doubt = 0;
    },
    wake,
    take() {
      const id = ready.take();
      if (id !== undefined) share.claim(keyOf(id));
      return id;
    },
    claim(id) {
      share.claim(keyOf(id));
      return ready.delete(id);
    },
    nextWake() {
      if (unfinished || version !== share.version) return lastNow;
      let earliest = timers.next() ?? Number.POSITIVE_INFINITY;
      for (const [ahead, deadlines] of looks) {
        const next = deadlines.next();
        if (next === undefined) {
          // Eight copies stand in thousands of orders: only those with something to look at cost anything.
          looks.delete(ahead);
          continue;
        }
        const patient = Math.max(next, share.activeAt(ahead) + PATIENCE_MS);
        earliest = Math.min(earliest, patient, next - PATIENCE_MS + lastResortMs);
      }
      return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
    },
    get size() {
      return ready.size;
    },
    get held() {
      return held.size;
    },
  };
}
