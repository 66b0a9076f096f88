// What a log must tell its followers when it has lost its end: servers that came back with an older store.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogDivergedError } from './errors.ts';
import type { Log } from './log.ts';

export interface LosingLogUnderTest {
  /** Another participant of the same log. */
  open(): Promise<Log>;
  /** Keeps the log as it is now. */
  keep(): Promise<void>;
  /** Everything is as it was kept: what was appended since is gone. */
  putBack(): Promise<void>;
  dispose(): Promise<void>;
}

const SUBJECT = 'muster.event.agent.node.a';
const PATIENTLY = { timeout: 20_000 };

export function describeLostEndContract(name: string, makeLog: () => Promise<LosingLogUnderTest>): void {
  describe(`a lost end on ${name}`, () => {
    let underTest: LosingLogUnderTest;
    let log: Log;

    beforeEach(async () => {
      underTest = await makeLog();
      log = await underTest.open();
      await append('kept', 3);
      await underTest.keep();
    });

    afterEach(async () => {
      await underTest.dispose();
    });

    it('is told to whoever read it, when other records have taken its place', async () => {
      await append('lost', 2);
      const follower = await follow(5);
      await underTest.putBack();
      await append('other', 5);
      await vi.waitFor(() => expect(follower.told.at(-1)).toMatch('diverged at 5'), PATIENTLY);
      expect(follower.told[0]).toBe('interrupted');
      expect(follower.told).not.toContain('resumed');
      expect(follower.seqs).toEqual([1, 2, 3, 4, 5]);
    });

    it('is told to whoever read it, when nothing has', async () => {
      await append('lost', 2);
      const follower = await follow(5);
      await underTest.putBack();
      await vi.waitFor(() => expect(follower.told).toEqual(['interrupted', 'diverged at 5']), PATIENTLY);
    });

    it('is nothing to whoever had not read so far', async () => {
      const follower = await follow(3);
      await underTest.putBack();
      await append('other', 2);
      await vi.waitFor(() => expect(follower.seqs).toEqual([1, 2, 3, 4, 5]), PATIENTLY);
      expect(follower.told).toEqual(['interrupted', 'resumed']);
    });

    it('shows in what is found at a sequence', async () => {
      await append('lost', 2);
      expect(await textAt(5)).toBe('lost');
      await underTest.putBack();
      expect(await textAt(5)).toBeUndefined();
      await append('other', 2);
      expect(await textAt(5)).toBe('other');
      expect(await textAt(3)).toBe('kept');
    });

    async function append(text: string, times: number): Promise<void> {
      for (let count = 0; count < times; count += 1)
        await log.append(SUBJECT, new TextEncoder().encode(text));
    }

    async function textAt(seq: number): Promise<string | undefined> {
      const found = await log.find(seq);
      return found && new TextDecoder().decode(found.data);
    }

    async function follow(until: number) {
      const seqs: number[] = [];
      const told: string[] = [];
      await (await underTest.open()).follow({
        from: 1,
        onRecord: ({ seq }) => seqs.push(seq),
        onError: (error) =>
          told.push(error instanceof LogDivergedError ? `diverged at ${error.readUpTo}` : error.message),
        onInterrupted: () => told.push('interrupted'),
        onResumed: () => told.push('resumed'),
      });
      await vi.waitFor(() => expect(seqs.at(-1)).toBe(until), PATIENTLY);
      return { seqs, told };
    }
  });
}
