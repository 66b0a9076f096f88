// Where folded state is cached. Deleting all of it costs time and nothing else.

export interface SnapshotMeta {
  /** The version of the fold that made it; another version's snapshot is of no use. */
  readonly foldVersion: number;
  /** The last sequence folded into it. */
  readonly seq: number;
  /** State hash of the content. */
  readonly hash: string;
}

export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly content: Uint8Array;
}

/** How many snapshots of each fold version are kept; older ones are deleted when a newer one is put. */
export const KEPT_SNAPSHOTS = 2;

export interface SnapshotStore {
  put(meta: SnapshotMeta, content: Uint8Array): Promise<void>;
  /** The latest snapshot made by this fold version; undefined when there is none. Throws when it can't be read. */
  latest(foldVersion: number): Promise<StoredSnapshot | undefined>;
  /** The highest fold version that any snapshot was made by. */
  newestVersion(): Promise<number | undefined>;
}
