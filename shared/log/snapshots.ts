// Where folded state is cached. Deleting all of it costs time and nothing else.
import type { LadderLimits, Rung } from './ladder.ts';

export interface SnapshotMeta {
  /** The version of the fold that made it; another version's snapshot is of no use. */
  readonly foldVersion: number;
  /** The last sequence folded into it. */
  readonly seq: number;
}

export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  /** The chunks that were put. Throws, in the midst of them even, when they can't be read. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface SnapshotStore {
  /** How many are kept, and how far apart. */
  readonly limits: LadderLimits;
  /**
   * Takes the chunks one by one, when it has room for the next: what they are made of must stay as it is meanwhile. Then
   * deletes what the ladder (ladder.ts) needs no more, and of older fold versions all but the newest of the last one.
   */
  put(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /** What is kept of this fold version, the lowest sequence first, with the bytes it takes. */
  list(foldVersion: number): Promise<readonly Rung[]>;
  /** The latest snapshot made by this fold version, at or below a sequence if one is named; undefined when there is none. */
  latest(foldVersion: number, atMost?: number): Promise<StoredSnapshot | undefined>;
  /** Deletes every snapshot of a later sequence, whatever made it: the log has lost its end, or is another one. */
  discardAbove(seq: number): Promise<void>;
  /** The highest fold version that any snapshot was made by. */
  newestVersion(): Promise<number | undefined>;
}
