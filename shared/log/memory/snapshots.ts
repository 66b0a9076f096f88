// The snapshot store in memory: the last two snapshots of each fold version, like the other adapter.
import { KEPT_SNAPSHOTS, type SnapshotMeta, type SnapshotStore, type StoredSnapshot } from '../snapshots.ts';

interface Kept {
  readonly meta: SnapshotMeta;
  readonly chunks: readonly Uint8Array[];
}

export class MemorySnapshotStore implements SnapshotStore {
  private readonly byVersion = new Map<number, Kept[]>();

  async put(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const taken: Uint8Array[] = [];
    for await (const chunk of chunks) taken.push(chunk);
    const others = (this.byVersion.get(meta.foldVersion) ?? []).filter(
      ({ meta: { seq } }) => seq !== meta.seq,
    );
    const ordered = [...others, { meta, chunks: taken }].sort((a, b) => b.meta.seq - a.meta.seq);
    this.byVersion.set(meta.foldVersion, ordered.slice(0, KEPT_SNAPSHOTS));
  }

  async latest(foldVersion: number): Promise<StoredSnapshot | undefined> {
    const newest = this.byVersion.get(foldVersion)?.[0];
    return newest && { meta: newest.meta, chunks: iterate(newest.chunks) };
  }

  async discardAbove(seq: number): Promise<void> {
    for (const [version, kept] of this.byVersion)
      this.byVersion.set(
        version,
        kept.filter(({ meta }) => meta.seq <= seq),
      );
  }

  async newestVersion(): Promise<number | undefined> {
    return this.byVersion.size === 0 ? undefined : Math.max(...this.byVersion.keys());
  }
}

async function* iterate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
