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

    it('has none at first', async () => {
      expect(await store.latest(1)).toBeUndefined();
      expect(await store.newestVersion()).toBeUndefined();
    });

    it('gives back what was put, byte for byte', async () => {
      const content = Uint8Array.from({ length: 400_000 }, (_, index) => (index * 7919) % 251);
      await store.put(metaOf(1, 10), content);
      const found = await store.latest(1);
      expect(found?.meta).toEqual(metaOf(1, 10));
      expect(Buffer.compare(found?.content ?? new Uint8Array(), content)).toBe(0);
    });

    it('gives the latest of the fold version asked for', async () => {
      await store.put(metaOf(1, 20), encode('v1 at 20'));
      await store.put(metaOf(1, 9), encode('v1 at 9'));
      await store.put(metaOf(2, 15), encode('v2 at 15'));
      expect(textOf((await store.latest(1))?.content)).toBe('v1 at 20');
      expect(textOf((await store.latest(2))?.content)).toBe('v2 at 15');
      expect(await store.latest(3)).toBeUndefined();
      expect(await store.newestVersion()).toBe(2);
    });

    it('stays right while older ones are deleted', async () => {
      for (const seq of [10, 20, 30, 40]) await store.put(metaOf(1, seq), encode(`at ${seq}`));
      await store.put(metaOf(2, 5), encode('another version'));
      expect((await store.latest(1))?.meta.seq).toBe(40);
      expect(textOf((await store.latest(1))?.content)).toBe('at 40');
      expect((await store.latest(2))?.meta.seq).toBe(5);
    });

    it('takes the same sequence twice', async () => {
      await store.put(metaOf(1, 10), encode('same'));
      await store.put(metaOf(1, 10), encode('same'));
      expect(textOf((await store.latest(1))?.content)).toBe('same');
    });

    it('takes an empty one', async () => {
      await store.put(metaOf(1, 0), new Uint8Array());
      expect((await store.latest(1))?.content.length).toBe(0);
    });
  });
}

function metaOf(foldVersion: number, seq: number): SnapshotMeta {
  return { foldVersion, seq, hash: `hash-${foldVersion}-${seq}` };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(content: Uint8Array | undefined): string {
  return new TextDecoder().decode(content);
}
