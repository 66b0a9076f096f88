// The snapshot store in memory: keeps what the other adapter would.
import { keepSnapshots, LADDER_LIMITS, type LadderLimits, type Rung } from '../ladder.ts';
import type { SnapshotMeta, SnapshotStore, StoredSnapshot } from '../snapshots.ts';

interface Kept extends SnapshotMeta, Rung {
  readonly chunks: readonly Uint8Array[];
}

export class MemorySnapshotStore implements SnapshotStore {
  private kept: readonly Kept[] = [];

  constructor(readonly limits: LadderLimits = LADDER_LIMITS) {}

  async put(
    { foldVersion, seq }: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const taken: Uint8Array[] = [];
    for await (const chunk of chunks) taken.push(chunk);
    const bytes = taken.reduce((sum, { length }) => sum + length, 0);
    const others = this.kept.filter((other) => other.foldVersion !== foldVersion || other.seq !== seq);
    this.kept = keepSnapshots(
      [...others, { foldVersion, seq, bytes, chunks: taken }],
      foldVersion,
      this.limits,
    );
  }

  async list(foldVersion: number): Promise<readonly Rung[]> {
    return this.of(foldVersion);
  }

  async latest(foldVersion: number, atMost = Number.POSITIVE_INFINITY): Promise<StoredSnapshot | undefined> {
    const found = this.of(foldVersion).findLast(({ seq }) => seq <= atMost);
    return found && { meta: { foldVersion, seq: found.seq }, chunks: iterate(found.chunks) };
  }

  async discardAbove(last: number): Promise<void> {
    this.kept = this.kept.filter(({ seq }) => seq <= last);
  }

  async newestVersion(): Promise<number | undefined> {
    return this.kept.length === 0 ? undefined : Math.max(...this.kept.map(({ foldVersion }) => foldVersion));
  }

  private of(wanted: number): Kept[] {
    return this.kept.filter(({ foldVersion }) => foldVersion === wanted).sort((a, b) => a.seq - b.seq);
  }
}

async function* iterate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
