// What a copy of a reducer has to look at. Its own share it takes at once, each tenant in turn. What is another copy's
// it holds, and looks at only when that copy lets it lie: every copy knows all the work at any time, so that whoever is
// killed, stopped or cut off is missed for a moment only, however wrong the hints about it are.
import { createDeadlines } from './deadlines.ts';
import { createFairQueue } from './fair-queue.ts';
import { createHeldWork } from './held-work.ts';
import { alone, type Share } from './share.ts';

/** Longer than any two copies can think differently of who is there: then a busy copy is no excuse either. */
const LAST_RESORT_MS = 5_000;

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

export function createWorkList(options: WorkListOptions = {}): WorkList {
  const { share = alone, keyOf = (id) => id, tenantOf = () => '' } = options;
  const { lastResortMs = LAST_RESORT_MS, certain = true } = options;
  const ready = createFairQueue();
  const timers = createDeadlines();
  const held = createHeldWork({ share, keyOf, lastResortMs, certain, release });
  let { version } = share;
  let lastNow = Number.NEGATIVE_INFINITY;

  function release(id: string): void {
    ready.add(id, tenantOf(id));
  }

  function add(id: string): void {
    const copy = share.ahead(keyOf(id));
    if (copy === '') {
      held.drop(id);
      release(id);
    } else if (!ready.has(id)) {
      // One that was let lie keeps its place in line, however often it is noticed again.
      held.hold(id, copy);
    }
  }

  /** Out of the line, unless it is ours. */
  function giveBack(id: string): void {
    if (share.ahead(keyOf(id)) === '') return;
    ready.delete(id);
    add(id);
  }

  function regroup(): void {
    version = share.version;
    for (const id of [...ready.names()]) giveBack(id);
    held.regroup();
  }

  return {
    add,
    addAt: (id, at) => timers.set(id, at),
    noteDecision(id) {
      if (share === alone) return;
      if (ready.has(id)) giveBack(id);
      held.renew(id);
    },
    wake(time, isWanted) {
      for (const id of timers.takeDue(time)) add(id);
      if (share === alone) return;
      const now = share.now();
      if (now < lastNow) held.startOver(now);
      lastNow = now;
      if (version !== share.version) regroup();
      held.look(now, isWanted);
      // What was found there may have changed everything.
      if (version !== share.version) regroup();
    },
    take: ready.take,
    claim: ready.delete,
    nextWake() {
      if (version !== share.version) return lastNow;
      const [timer, look] = [timers.next(), held.nextLook()];
      return timer === undefined ? look : Math.min(timer, look ?? Number.POSITIVE_INFINITY);
    },
    get size() {
      return ready.size;
    },
    get held() {
      return held.size;
    },
  };
}
