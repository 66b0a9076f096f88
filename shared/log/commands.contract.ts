// What every command store must do, whatever it is kept on. Each adapter's test runs it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandRecord, CommandStore } from './commands.ts';

export interface CommandsUnderTest {
  /** Another participant of the same store. */
  open(): Promise<CommandStore>;
  /** Lets this much of the store's time pass. */
  passTime(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

export function describeCommandsContract(name: string, makeStore: () => Promise<CommandsUnderTest>): void {
  describe(`the command store contract on ${name}`, () => {
    let underTest: CommandsUnderTest;
    let store: CommandStore;

    beforeEach(async () => {
      underTest = await makeStore();
      store = await underTest.open();
    });

    afterEach(async () => {
      await underTest.dispose();
    });

    it('replaces a task’s command under compare-and-set', async () => {
      expect(await put('n1', 't1', 'run', 0)).toEqual({ ok: true, seq: 1 });
      expect(await put('n1', 't2', 'run', 0)).toEqual({ ok: true, seq: 2 });
      expect(await put('n2', 't1', 'run', 0)).toEqual({ ok: true, seq: 3 });
      expect(await put('n1', 't1', 'stop', 1)).toEqual({ ok: true, seq: 4 });
      expect(await put('n1', 't1', 'run', 1)).toEqual({ ok: false, expected: 1, actual: 4 });
      expect(await put('n1', 't1', 'run', 0)).toEqual({ ok: false, expected: 0, actual: 4 });
      expect(await put('n3', 't1', 'run', 9)).toEqual({ ok: false, expected: 9, actual: 0 });
    });

    it('refuses names that would change the subject, at once', async () => {
      await expect(put('n1.x', '', 'run', 0)).rejects.toThrow(TypeError);
      await expect(put('n1', '*', 'run', 0)).rejects.toThrow(TypeError);
      await expect(put('n1', 't1.x', 'run', 0)).rejects.toThrow(TypeError);
    });

    it('delivers the last command of each task, then the later ones', async () => {
      await put('n1', 't1', 'run', 0);
      await put('n1', 't2', 'run', 0);
      await put('n1', 't1', 'stop', 1);
      const follower = await startFollower();
      await follower.caughtUp;
      expect(follower.seen).toEqual(['n1/t2=run@2', 'n1/t1=stop@3']);
      await put('n1', 't3', 'run', 0);
      await put('n1', 't2', 'stop', 2);
      await follower.reached(5);
      expect(follower.seen.slice(2)).toEqual(['n1/t3=run@4', 'n1/t2=stop@5']);
      expect(follower.caughtUpCount).toBe(1);
      expect(follower.errors).toEqual([]);
    });

    it('delivers one node’s commands only, when asked', async () => {
      await put('n1', 't1', 'run', 0);
      await put('n2', 't2', 'run', 0);
      const [one, every] = [await startFollower('n1'), await startFollower()];
      await Promise.all([one.caughtUp, every.caughtUp]);
      await put('n2', 't3', 'run', 0);
      await put('n1', 't4', 'run', 0);
      await Promise.all([one.reached(4), every.reached(4)]);
      expect(one.seen).toEqual(['n1/t1=run@1', 'n1/t4=run@4']);
      expect(every.seen).toEqual(['n1/t1=run@1', 'n2/t2=run@2', 'n2/t3=run@3', 'n1/t4=run@4']);
    });

    it('is caught up at once when there is nothing', async () => {
      await put('n2', 't1', 'run', 0);
      const follower = await startFollower('n1');
      await follower.caughtUp;
      expect(follower.seen).toEqual([]);
    });

    it('catches up with thousands of commands', async () => {
      const ids = Array.from({ length: 3000 }, (_, index) => index);
      await Promise.all(ids.map((id) => put(`n${id % 10}`, `t${id}`, 'run', 0)));
      const [one, every] = [await startFollower('n3'), await startFollower()];
      await Promise.all([one.caughtUp, every.caughtUp]);
      expect(one.seen.length).toBe(300);
      expect(new Set(every.seen).size).toBe(3000);
    });

    it('lets a tombstone go by itself: nobody is told, and the task’s next command expects 0', async () => {
      await put('n1', 't1', 'run', 0);
      await put('n1', 't2', 'run', 0);
      const before = await startFollower();
      await before.caughtUp;
      await put('n1', 't1', 'forget', 1, 1000);
      await before.reached(3);
      expect(await put('n1', 't1', 'run', 0)).toEqual({ ok: false, expected: 0, actual: 3 });
      await underTest.passTime(1000);
      let again = await put('n1', 't1', 'again', 0);
      for (let tries = 0; !again.ok && tries < 20; tries += 1) {
        await underTest.passTime(250);
        again = await put('n1', 't1', 'again', 0);
      }
      expect(again).toEqual({ ok: true, seq: 4 });
      await before.reached(4);
      expect(before.seen.slice(2)).toEqual(['n1/t1=forget@3', 'n1/t1=again@4']);
      const after = await startFollower();
      await after.caughtUp;
      expect(after.seen).toEqual(['n1/t2=run@2', 'n1/t1=again@4']);
    });

    it('is silent after stop', async () => {
      const follower = await startFollower();
      await follower.caughtUp;
      const stopping = follower.following.stop();
      await put('n1', 't1', 'run', 0);
      await stopping;
      const witness = await startFollower();
      await witness.reached(1);
      expect(follower.seen).toEqual([]);
      expect(follower.errors).toEqual([]);
    });

    it('ends with the error when a callback throws', async () => {
      await put('n1', 't1', 'run', 0);
      const error = await new Promise<Error>((onError) => {
        void store.follow({
          onCommand: () => {
            throw new Error('a broken agent');
          },
          onCaughtUp: () => undefined,
          onError,
        });
      });
      expect(error.message).toBe('a broken agent');
    });

    function put(nodeId: string, taskId: string, text: string, expectLastSeq: number, ttlMs?: number) {
      const options = ttlMs === undefined ? { expectLastSeq } : { expectLastSeq, ttlMs };
      return store.put(nodeId, taskId, new TextEncoder().encode(text), options);
    }

    async function startFollower(nodeId?: string) {
      const seen: string[] = [];
      const errors: Error[] = [];
      const waiting: { seq: number; done: () => void }[] = [];
      let last = 0;
      let caughtUpCount = 0;
      let resolveCaughtUp: () => void = () => undefined;
      const caughtUp = new Promise<void>((resolve) => {
        resolveCaughtUp = resolve;
      });
      const reader = await underTest.open();
      const following = await reader.follow({
        ...(nodeId === undefined ? {} : { nodeId }),
        onCommand: (record) => {
          seen.push(show(record));
          last = record.seq;
          for (const waiter of waiting) if (last >= waiter.seq) waiter.done();
        },
        onCaughtUp: () => {
          caughtUpCount += 1;
          resolveCaughtUp();
        },
        onError: (error) => errors.push(error),
      });
      return {
        following,
        caughtUp,
        seen,
        errors,
        get caughtUpCount() {
          return caughtUpCount;
        },
        async reached(seq: number): Promise<void> {
          if (last < seq) await new Promise<void>((done) => waiting.push({ seq, done }));
        },
      };
    }
  });
}

function show({ nodeId, taskId, data, seq }: CommandRecord): string {
  return `${nodeId}/${taskId}=${new TextDecoder().decode(data)}@${seq}`;
}
