// The snapshot store in memory: the last two snapshots of each fold version, like the other adapter.
import { KEPT_SNAPSHOTS, type SnapshotMeta, type SnapshotStore, type StoredSnapshot } from '../snapshots.ts';

export class MemorySnapshotStore implements SnapshotStore {
  private readonly byVersion = new Map<number, StoredSnapshot[]>();

  async put(meta: SnapshotMeta, content: Uint8Array): Promise<void> {
    const others = (this.byVersion.get(meta.foldVersion) ?? []).filter(
      ({ meta: { seq } }) => seq !== meta.seq,
    );
    const ordered = [...others, { meta, content }].sort((a, b) => b.meta.seq - a.meta.seq);
    this.byVersion.set(meta.foldVersion, ordered.slice(0, KEPT_SNAPSHOTS));
  }

  async latest(foldVersion: number): Promise<StoredSnapshot | undefined> {
    return this.byVersion.get(foldVersion)?.[0];
  }

  async newestVersion(): Promise<number | undefined> {
    return this.byVersion.size === 0 ? undefined : Math.max(...this.byVersion.keys());
  }
}
