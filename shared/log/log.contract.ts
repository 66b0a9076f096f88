// What every log must do, whatever it is kept on. Each adapter's test runs it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogUnavailableError, RecordTooLargeError } from './errors.ts';
import { findSeqAt } from './find-seq-at.ts';
import type { FollowOptions, Log, LogRecord } from './log.ts';

export interface LogUnderTest {
  /** Another participant of the same log. */
  open(): Promise<Log>;
  dispose(): Promise<void>;
}

const NODE = 'muster.event.agent.node';
const SERVICE = 'muster.event.orchestrator.service';

export function describeLogContract(name: string, makeLog: () => Promise<LogUnderTest>): void {
  describe(`the log contract on ${name}`, () => {
    let underTest: LogUnderTest;
    let log: Log;

    beforeEach(async () => {
      underTest = await makeLog();
      log = await underTest.open();
    });

    afterEach(async () => {
      await underTest.dispose();
    });

    describe('append', () => {
      it('numbers records from 1 without gaps, and keeps subject, bytes and time', async () => {
        expect(await log.head()).toBe(0);
        const binary = Uint8Array.from([0, 1, 13, 10, 255]);
        expect(await log.append(`${NODE}.a`, binary)).toEqual({ ok: true, seq: 1 });
        expect(await log.append(`${NODE}.b`, new Uint8Array())).toEqual({ ok: true, seq: 2 });
        expect(await log.head()).toBe(2);
        const [first, second] = await collect(log.read({ from: 1 }));
        expect(first).toMatchObject({ seq: 1, subject: `${NODE}.a` });
        expect([...(first?.data ?? [])]).toEqual([...binary]);
        expect(second?.data.length).toBe(0);
        expect(Number.isInteger(first?.time)).toBe(true);
        expect(second?.time).toBeGreaterThanOrEqual(first?.time ?? Number.POSITIVE_INFINITY);
      });

      it('keeps the order in which one writer calls it', async () => {
        const results = await Promise.all(numbers(300).map((n) => log.append(`${NODE}.a`, encode(n))));
        expect(results).toEqual(numbers(300).map((n) => ({ ok: true, seq: n })));
        expect((await collect(log.read({ from: 1 }))).map(textOf)).toEqual(numbers(300).map(String));
      });

      it('takes an expectation of the last sequence on that subject, 0 for none', async () => {
        expect(await log.append(`${SERVICE}.a`, encode('a1'), { expectLastSubjectSeq: 0 })).toEqual(
          stored(1),
        );
        expect(await log.append(`${SERVICE}.b`, encode('b1'), { expectLastSubjectSeq: 0 })).toEqual(
          stored(2),
        );
        expect(await log.append(`${SERVICE}.a`, encode('a2'), { expectLastSubjectSeq: 1 })).toEqual(
          stored(3),
        );
      });

      it('answers a conflict with what it found, and stores nothing', async () => {
        await log.append(`${SERVICE}.a`, encode('a1'));
        const conflict = (expected: number, actual: number) => ({ ok: false, expected, actual });
        const tryAt = (subject: string, expected: number) =>
          log.append(subject, encode('late'), { expectLastSubjectSeq: expected });
        expect(await tryAt(`${SERVICE}.a`, 0)).toEqual(conflict(0, 1));
        expect(await tryAt(`${SERVICE}.a`, 7)).toEqual(conflict(7, 1));
        expect(await tryAt(`${SERVICE}.b`, 1)).toEqual(conflict(1, 0));
        expect(await log.head()).toBe(1);
      });

      it('stores once what has one id, and says with which sequence', async () => {
        const [first, second] = [await underTest.open(), await underTest.open()];
        const append = (to: Log, id: string, text: string) => to.append(`${NODE}.a`, encode(text), { id });
        expect(await append(first, 'x', 'once')).toEqual(stored(1));
        expect(await append(second, 'x', 'twice')).toEqual({ ...stored(1), duplicate: true });
        expect(await append(second, 'y', 'another')).toEqual(stored(2));
        expect((await collect(log.read({ from: 1 }))).map(textOf)).toEqual(['once', 'another']);
      });

      it('lets exactly one of several writers win each sequence', async () => {
        const writers = await Promise.all(numbers(4).map(() => underTest.open()));
        const conflicts = await Promise.all(writers.map((writer) => increment(writer, `${SERVICE}.n`, 50)));
        const counts = (await collect(log.read({ from: 1 }))).map(textOf);
        expect(counts).toEqual(numbers(200).map(String));
        expect(conflicts.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
      });

      it('refuses a subject that is not the log’s, at once', async () => {
        await expect(log.append('muster.heartbeat.n1', encode('x'))).rejects.toThrow(TypeError);
        await expect(log.append(`${NODE}.*`, encode('x'))).rejects.toThrow(TypeError);
        await expect(log.append(`${NODE}..a`, encode('x'))).rejects.toThrow(TypeError);
        expect(await log.head()).toBe(0);
      });

      it('refuses a record that is too large, at once, and goes on', async () => {
        const refused = log.append(`${NODE}.a`, new Uint8Array(16 * 1024 * 1024));
        await expect(refused).rejects.toThrow(RecordTooLargeError);
        await expect(refused).rejects.toThrow(/16777216 bytes/);
        const { maxRecordBytes } = log;
        await expect(log.append(`${NODE}.a`, new Uint8Array(maxRecordBytes + 1))).rejects.toThrow(
          RecordTooLargeError,
        );
        expect(await log.append(`${NODE}.b`, new Uint8Array(maxRecordBytes))).toEqual(stored(1));
        expect(await log.append(`${NODE}.a`, encode('small'))).toEqual(stored(2));
      });
    });

    describe('read', () => {
      beforeEach(async () => {
        for (const n of numbers(10))
          await log.append(n % 2 === 0 ? `${NODE}.n${n}` : `${SERVICE}.s`, encode(n));
      });

      it.each([
        [{ from: 1 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
        [{ from: 4, to: 6 }, [4, 5, 6]],
        [{ from: 10, to: 10 }, [10]],
        [{ from: 9, to: 50 }, [9, 10]],
        [{ from: 11 }, []],
        [{ from: 6, to: 5 }, []],
        [{ from: 1, subjects: [`${NODE}.>`] }, [2, 4, 6, 8, 10]],
        [{ from: 3, to: 9, subjects: [`${NODE}.>`] }, [4, 6, 8]],
        [{ from: 1, subjects: ['muster.event.*.node.n4', `${SERVICE}.s`] }, [1, 3, 4, 5, 7, 9]],
        [{ from: 1, subjects: [`${NODE}.>`, `${NODE}.n4`] }, [2, 4, 6, 8, 10]],
        [{ from: 5, subjects: [`${NODE}.n4`] }, []],
        [{ from: 1, subjects: ['muster.intent.>'] }, []],
      ])('reads %j', async (options, expected) => {
        const records = await collect(log.read(options));
        expect(records.map(({ seq }) => seq)).toEqual(expected);
        expect(records.map(textOf)).toEqual(expected.map(String));
      });

      it('can be left early, and read again', async () => {
        for (let round = 0; round < 3; round += 1) {
          for await (const record of log.read({ from: 2 })) {
            expect(record.seq).toBe(2);
            break;
          }
        }
      });

      it('refuses an empty list of subjects', async () => {
        await expect(collect(log.read({ from: 1, subjects: [] }))).rejects.toThrow(TypeError);
      });
    });

    it('finds the first record at or after a time', async () => {
      expect(await findSeqAt(log, 5)).toBe(1);
      for (const n of numbers(20)) {
        await log.append(`${NODE}.a`, encode(n));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const records = await collect(log.read({ from: 1 }));
      expect(await findSeqAt(log, 0)).toBe(1);
      for (const { time } of records) {
        const first = records.find((record) => record.time >= time)!;
        expect(await findSeqAt(log, time)).toBe(first.seq);
      }
      expect(await findSeqAt(log, records.at(-1)!.time + 1)).toBe(21);
    });

    it('reads a range larger than any buffer on the way, slowly', async () => {
      const big = new Uint8Array(60_000);
      await Promise.all(numbers(300).map(() => log.append(`${NODE}.a`, big)));
      let next = 1;
      for await (const record of log.read({ from: 1 })) {
        expect(record.seq).toBe(next);
        expect(record.data.length).toBe(big.length);
        next += 1;
        if (next % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(next).toBe(301);
    });

    describe('follow', () => {
      it('delivers what is stored, says so once, then goes on live', async () => {
        await appendNumbers(log, 1, 5);
        const follower = await startFollower(log, { from: 1 });
        await follower.caughtUp;
        expect(follower.seqs).toEqual([1, 2, 3, 4, 5]);
        await appendNumbers(log, 6, 8);
        await follower.reached(8);
        expect(follower.texts).toEqual(numbers(8).map(String));
        expect(follower.caughtUpCount).toBe(1);
        expect(follower.errors).toEqual([]);
      });

      it('starts from the middle', async () => {
        await appendNumbers(log, 1, 9);
        const follower = await startFollower(log, { from: 6 });
        await follower.reached(9);
        expect(follower.seqs).toEqual([6, 7, 8, 9]);
      });

      it('is caught up at once on an empty log, and after its end', async () => {
        const onEmpty = await startFollower(log, { from: 1 });
        await onEmpty.caughtUp;
        await appendNumbers(log, 1, 3);
        const afterEnd = await startFollower(log, { from: 4 });
        await afterEnd.caughtUp;
        expect(afterEnd.seqs).toEqual([]);
        await appendNumbers(log, 4, 4);
        await Promise.all([onEmpty.reached(4), afterEnd.reached(4)]);
        expect(onEmpty.seqs).toEqual([1, 2, 3, 4]);
        expect(afterEnd.seqs).toEqual([4]);
      });

      it('waits for a sequence that is not there yet', async () => {
        await appendNumbers(log, 1, 2);
        const follower = await startFollower(log, { from: 5 });
        await follower.caughtUp;
        await appendNumbers(log, 3, 6);
        await follower.reached(6);
        expect(follower.seqs).toEqual([5, 6]);
      });

      it('delivers only the subjects asked for', async () => {
        await appendNumbers(log, 1, 3);
        await log.append(`${SERVICE}.a`, encode('x'));
        const follower = await startFollower(log, { from: 1, subjects: [`${SERVICE}.*`, 'muster.intent.>'] });
        await follower.caughtUp;
        await appendNumbers(log, 5, 6);
        await log.append('muster.intent.ana.service.apply.web', encode('{}'));
        await follower.reached(7);
        expect(follower.seqs).toEqual([4, 7]);
        expect(follower.errors).toEqual([]);
      });

      it('is caught up with a filter that matches nothing', async () => {
        await appendNumbers(log, 1, 3);
        const follower = await startFollower(log, { from: 1, subjects: ['muster.intent.>'] });
        await follower.caughtUp;
        expect(follower.seqs).toEqual([]);
      });

      it('loses and repeats nothing for many followers that start under load', async () => {
        const writer = await underTest.open();
        const writing = appendNumbers(writer, 1, 400);
        const followers = await Promise.all(
          numbers(8).map(async (n) => startFollower(await underTest.open(), { from: n })),
        );
        await writing;
        await Promise.all(followers.map((follower) => follower.reached(400)));
        for (const [index, follower] of followers.entries()) {
          expect(follower.seqs).toEqual(numbers(400).slice(index));
          expect(follower.errors).toEqual([]);
        }
      });

      it('never calls back from inside an append', async () => {
        const follower = await startFollower(log, { from: 1 });
        await follower.caughtUp;
        const appending = log.append(`${NODE}.a`, encode('x'));
        expect(follower.seqs).toEqual([]);
        await appending;
        await follower.reached(1);
      });

      it('is silent after stop', async () => {
        const stopped = await startFollower(log, { from: 1 });
        await appendNumbers(log, 1, 2);
        await stopped.reached(2);
        const stopping = stopped.following.stop();
        await appendNumbers(log, 3, 5);
        await stopping;
        const witness = await startFollower(log, { from: 1 });
        await witness.reached(5);
        await stopped.following.stop();
        expect(stopped.seqs).toEqual([1, 2]);
        expect(stopped.errors).toEqual([]);
      });

      it('can be stopped by its own callback', async () => {
        const seen: number[] = [];
        const following = await log.follow({
          from: 1,
          onRecord: ({ seq }) => {
            seen.push(seq);
            if (seq === 3) void following.stop();
          },
          onError: (error) => {
            throw error;
          },
        });
        await appendNumbers(log, 1, 5);
        const witness = await startFollower(log, { from: 1 });
        await witness.reached(5);
        expect(seen).toEqual([1, 2, 3]);
      });

      it('ends with the error when a callback throws', async () => {
        await appendNumbers(log, 1, 3);
        const failed = deferred<Error>();
        const seen: number[] = [];
        await log.follow({
          from: 1,
          onRecord: ({ seq }) => {
            seen.push(seq);
            if (seq === 2) throw new Error('a broken fold');
          },
          onError: failed.resolve,
        });
        expect((await failed.promise).message).toBe('a broken fold');
        const witness = await startFollower(log, { from: 1 });
        await witness.reached(3);
        expect(seen).toEqual([1, 2]);
      });
    });

    describe('close', () => {
      it('ends its follows in silence and refuses everything after', async () => {
        const other = await underTest.open();
        const follower = await startFollower(log, { from: 1 });
        await follower.caughtUp;
        await log.close();
        await log.close();
        await appendNumbers(other, 1, 3);
        const witness = await startFollower(other, { from: 1 });
        await witness.reached(3);
        expect(follower.seqs).toEqual([]);
        expect(follower.errors).toEqual([]);
        await expect(log.append(`${NODE}.a`, encode('x'))).rejects.toThrow(LogUnavailableError);
        await expect(log.head()).rejects.toThrow(LogUnavailableError);
        await expect(collect(log.read({ from: 1 }))).rejects.toThrow(LogUnavailableError);
        await expect(startFollower(log, { from: 1 })).rejects.toThrow(LogUnavailableError);
      });
    });
  });
}

/** Adds one `times` times under compare-and-set; returns how often it lost. */
async function increment(log: Log, subject: string, times: number): Promise<number> {
  let conflicts = 0;
  let last = 0;
  for (let done = 0; done < times; ) {
    // Nothing else is written, so the count equals the sequence.
    const result = await log.append(subject, encode(last + 1), { expectLastSubjectSeq: last });
    if (result.ok) {
      last = result.seq;
      done += 1;
    } else {
      conflicts += 1;
      last = result.actual ?? (await log.head());
    }
  }
  return conflicts;
}

async function startFollower(log: Log, options: Pick<FollowOptions, 'from' | 'subjects'>) {
  const caughtUp = deferred();
  const errors: Error[] = [];
  const records: LogRecord[] = [];
  const waiting: { seq: number; done: () => void }[] = [];
  let caughtUpCount = 0;
  const lastSeq = () => records.at(-1)?.seq ?? 0;
  const following = await log.follow({
    ...options,
    onRecord: (record) => {
      records.push(record);
      for (const waiter of waiting) if (lastSeq() >= waiter.seq) waiter.done();
    },
    onCaughtUp: () => {
      caughtUpCount += 1;
      caughtUp.resolve();
    },
    onError: (error) => {
      errors.push(error);
      caughtUp.reject(error);
    },
  });
  return {
    following,
    caughtUp: caughtUp.promise,
    errors,
    get caughtUpCount() {
      return caughtUpCount;
    },
    get seqs() {
      return records.map(({ seq }) => seq);
    },
    get texts() {
      return records.map(textOf);
    },
    async reached(seq: number): Promise<void> {
      if (lastSeq() < seq) await new Promise<void>((done) => waiting.push({ seq, done }));
    },
  };
}

async function appendNumbers(log: Log, from: number, to: number): Promise<void> {
  await Promise.all(
    numbers(to)
      .slice(from - 1)
      .map((n) => log.append(`${NODE}.n`, encode(n))),
  );
}

async function collect(records: AsyncIterable<LogRecord>): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

function deferred<Value = void>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

function stored(seq: number) {
  return { ok: true, seq };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function encode(value: number | string): Uint8Array {
  return new TextEncoder().encode(String(value));
}

function textOf({ data }: LogRecord): string {
  return new TextDecoder().decode(data);
}
