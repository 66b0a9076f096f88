// When commands that said `forget` are gone from the store: nobody is told, so it is counted from when they were
// first seen here. No I/O.

/** How long a node may be away and still find out that it is to forget a task. Later, it is told when it reports it. */
export const TOMBSTONE_TTL_MS = 3600_000;
/** The store's clock and ours may differ. */
const GRACE_MS = 60_000;
const COMPACT_FROM = 1024;

export interface Tombstone {
  readonly taskId: string;
  readonly nodeId: string;
  readonly seq: number;
}

export interface Tombstones {
  add(tombstone: Tombstone, now: number): void;
  takeExpired(now: number): readonly Tombstone[];
}

const none: readonly Tombstone[] = [];

export function createTombstones(): Tombstones {
  /** Oldest first; what stands before `head` has been taken. */
  let queue: { readonly tombstone: Tombstone; readonly at: number }[] = [];
  let head = 0;
  return {
    add(tombstone, now) {
      queue.push({ tombstone, at: now + TOMBSTONE_TTL_MS + GRACE_MS });
    },
    takeExpired(now) {
      const from = head;
      while (head < queue.length && queue[head]!.at <= now) head += 1;
      if (head === from) return none;
      const expired = queue.slice(from, head).map(({ tombstone }) => tombstone);
      if (head >= COMPACT_FROM && 2 * head >= queue.length) {
        queue = queue.slice(head);
        head = 0;
      }
      return expired;
    },
  };
}
