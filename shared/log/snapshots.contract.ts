// What every snapshot store must do, whatever it is kept on. Each adapter's test runs it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotMeta, SnapshotStore } from './snapshots.ts';

/** How far apart the rungs of the ladder are that the store under test keeps. */
export const LADDER_EVERY = 100;

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

    it('gives the nearest at or below a sequence', async () => {
      for (const seq of [100, 300]) await store.put(metaOf(1, seq), [encode(`at ${seq}`)]);
      const seqAt = async (atMost: number) => (await store.latest(1, atMost))?.meta.seq;
      expect(await seqAt(99)).toBeUndefined();
      expect(await seqAt(100)).toBe(100);
      expect(await seqAt(299)).toBe(100);
      expect(await seqAt(1_000)).toBe(300);
      expect(await textOf(store, 1, 299)).toBe('at 100');
    });

    it('keeps a ladder, and stays right while others are deleted', async () => {
      for (let seq = 10; seq <= 250; seq += 10) await store.put(metaOf(1, seq), [encode(`at ${seq}`)]);
      expect((await store.list(1)).map(({ seq }) => seq)).toEqual([100, 200, 240, 250]);
      await store.put(metaOf(2, 5), [encode('a newer version')]);
      expect((await store.list(1)).map(({ seq }) => seq)).toEqual([240, 250]);
      expect(await store.list(2)).toMatchObject([{ seq: 5 }]);
      expect(await textOf(store, 1)).toBe('at 250');
      expect(await textOf(store, 2)).toBe('a newer version');
    });

    it('lists what is there with its bytes, the lowest first', async () => {
      expect(await store.list(1)).toEqual([]);
      await store.put(metaOf(1, LADDER_EVERY * 2), [encode('x'), new Uint8Array(50_000)]);
      await store.put(metaOf(1, LADDER_EVERY), [encode('y')]);
      const listed = await store.list(1);
      expect(listed.map(({ seq }) => seq)).toEqual([LADDER_EVERY, LADDER_EVERY * 2]);
      for (const { bytes } of listed) expect(bytes).toBeGreaterThan(0);
    });

    it('deletes what is of sequences that the log has no more', async () => {
      await store.put(metaOf(2, 250), [encode('another version')]);
      for (const seq of [100, 200, 300]) await store.put(metaOf(1, seq), [encode(`at ${seq}`)]);
      await store.discardAbove(200);
      expect((await store.list(1)).map(({ seq }) => seq)).toEqual([100, 200]);
      expect(await store.latest(2)).toBeUndefined();
      expect(await textOf(store, 1)).toBe('at 200');
      await store.put(metaOf(1, 220), [encode('another log')]);
      expect(await textOf(store, 1)).toBe('another log');
    });

    it('takes the same sequence twice', async () => {
      await store.put(metaOf(1, 10), [encode('same')]);
      await store.put(metaOf(1, 10), [encode('same')]);
      expect(await textOf(store, 1)).toBe('same');
    });

    it('takes the same sequence from several at once', async () => {
      await Promise.all([1, 2, 3].map(() => store.put(metaOf(1, 10), [new Uint8Array(300_000)])));
      await store.put(metaOf(1, 20), [encode('more')]);
      await store.put(metaOf(1, 30), [encode('most')]);
      expect((await store.list(1)).map(({ seq }) => seq)).toEqual([20, 30]);
      expect(await textOf(store, 1, 20)).toBe('more');
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

async function textOf(
  store: SnapshotStore,
  foldVersion: number,
  atMost?: number,
): Promise<string | undefined> {
  const stored = await store.latest(foldVersion, atMost);
  return stored && Buffer.concat(await collect(stored.chunks)).toString();
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return collected;
}
