// What every snapshot store must do, whatever it is kept on. Each adapter's test runs it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotMeta, SnapshotStore } from './snapshots.ts';

export interface SnapshotsUnderTest {
  readonly store: SnapshotStore;
  dispose(): Promise<void>;
}

export function describeSnapshotsContract(name: string, makeStore: () => Promise<SnapshotsUnderTest>): void {
  describe(`the snapshot store contract on ${name}`, () => {
    let underTest: SnapshotsUnderTest;
    let store: SnapshotStore;

    beforeEach(async () => {
      underTest = await makeStore();
      store = underTest.store;
    });

    afterEach(async () => {
      await underTest.dispose();
    });

    it('discards those of later sequences, of every fold version', async () => {
      const versions = [1, 2];
      for (const foldVersion of versions)
        for (const seq of [10, 20]) await store.put({ foldVersion, seq }, [new Uint8Array(3)]);
      await store.discardAbove(10);
      for (const version of versions)
        expect(await store.latest(version)).toMatchObject({ meta: { seq: 10 } });
      await store.discardAbove(9);
      for (const version of versions) expect(await store.latest(version)).toBeUndefined();
    });

    it('has none at first', async () => {
      expect(await store.latest(1)).toBeUndefined();
      expect(await store.newestVersion()).toBeUndefined();
    });

    it('gives back the chunks that were put, byte for byte', async () => {
      const chunks = [400_000, 1, 0, 1_500_000].map((length) =>
        Uint8Array.from({ length }, (_, index) => (index * 7919) % 251),
      );
      await store.put(metaOf(1, 10), chunks);
      const found = await store.latest(1);
      expect(found?.meta).toEqual(metaOf(1, 10));
      const read = await collect(found!.chunks);
      expect(read.map((chunk) => chunk.length)).toEqual(chunks.map((chunk) => chunk.length));
      for (const [index, chunk] of read.entries()) expect(Buffer.compare(chunk, chunks[index]!)).toBe(0);
    });

    it('gives the latest of the fold version asked for', async () => {
      await store.put(metaOf(1, 20), [encode('v1 at 20')]);
      await store.put(metaOf(1, 9), [encode('v1 at 9')]);
      await store.put(metaOf(2, 15), [encode('v2 at 15')]);
      expect(await textOf(store, 1)).toBe('v1 at 20');
      expect(await textOf(store, 2)).toBe('v2 at 15');
      expect(await store.latest(3)).toBeUndefined();
      expect(await store.newestVersion()).toBe(2);
    });

    it('stays right while older ones are deleted', async () => {
      for (const seq of [10, 20, 30, 40]) await store.put(metaOf(1, seq), [encode(`at ${seq}`)]);
      await store.put(metaOf(2, 5), [encode('another version')]);
      expect((await store.latest(1))?.meta.seq).toBe(40);
      expect(await textOf(store, 1)).toBe('at 40');
      expect((await store.latest(2))?.meta.seq).toBe(5);
    });

    it('takes the same sequence twice', async () => {
      await store.put(metaOf(1, 10), [encode('same')]);
      await store.put(metaOf(1, 10), [encode('same')]);
      expect(await textOf(store, 1)).toBe('same');
    });

    it('takes an empty one', async () => {
      await store.put(metaOf(1, 0), []);
      expect(await textOf(store, 1)).toBe('');
    });
  });
}

function metaOf(foldVersion: number, seq: number): SnapshotMeta {
  return { foldVersion, seq };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function textOf(store: SnapshotStore, foldVersion: number): Promise<string | undefined> {
  const stored = await store.latest(foldVersion);
  return stored && Buffer.concat(await collect(stored.chunks)).toString();
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return collected;
}
