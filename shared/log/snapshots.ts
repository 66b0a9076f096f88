// Where folded state is cached. Deleting all of it costs time and nothing else.

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

/** How many snapshots of each fold version are kept; older ones are deleted when a newer one is put. */
export const KEPT_SNAPSHOTS = 2;

export interface SnapshotStore {
  /** Takes the chunks one by one, when it has room for the next: what they are made of must stay as it is meanwhile. */
  put(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /** The latest snapshot made by this fold version; undefined when there is none. */
  latest(foldVersion: number): Promise<StoredSnapshot | undefined>;
  /** Deletes those of later sequences, of every fold version: they are of what the log has lost. */
  discardAbove(seq: number): Promise<void>;
  /** The highest fold version that any snapshot was made by. */
  newestVersion(): Promise<number | undefined>;
}
