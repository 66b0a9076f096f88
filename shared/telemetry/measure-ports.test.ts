import { MemoryLog, type SnapshotStore } from '@muster/log';
import type { Reducer, ServeQueries } from '@muster/runtime';
import { createState } from '@muster/state';
import { expect, it } from 'vitest';
import { measureLog, measureQueries, measureReducer, measureSnapshots } from './measure-ports.ts';
import { createMeasures } from './measures.ts';

const SUBJECT = 'muster.event.agent.node.n1';
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

it('a log takes and gives what it did, conflicts and errors included', async () => {
  const { appends } = createMeasures();
  const log = measureLog(new MemoryLog({ now: () => 0 }), appends);
  const data = new Uint8Array([1]);
  expect(await log.append(SUBJECT, data, { expectLastSubjectSeq: 0 })).toEqual({ ok: true, seq: 1 });
  expect(await log.append(SUBJECT, data, { expectLastSubjectSeq: 0 })).toMatchObject({ ok: false });
  await expect(log.append('not a subject', data)).rejects.toThrow();
  expect(sum(appends.counts)).toBe(3);
  expect(await log.head()).toBe(1);
});

it('a reducer decides as it did, and a failure of it is measured too', () => {
  const { decides } = createMeasures();
  const decision = { event: { type: 'intent.satisfied' }, expect: 3 } as never;
  let broken = false;
  const reducer: Reducer = {
    name: 'scheduler',
    notice: () => undefined,
    decide() {
      if (broken) throw new Error('a bug');
      return [decision];
    },
    nextWake: () => 5,
    backlog: () => ({ services: 2 }),
  };
  const measured = measureReducer(reducer, decides);
  expect(measured.decide(createState(), 0)).toEqual([decision]);
  broken = true;
  expect(() => measured.decide(createState(), 0)).toThrow('a bug');
  expect(sum(decides.counts)).toBe(2);
  expect([measured.name, measured.nextWake(), measured.backlog?.()]).toEqual([
    'scheduler',
    5,
    { services: 2 },
  ]);
});

it('snapshots are counted with their size as they pass, and the ones that fail as failed', async () => {
  const { snapshots } = createMeasures();
  const stored: number[] = [];
  const store: SnapshotStore = {
    limits: { maxBytes: 10, every: 1 },
    async put({ seq }, chunks) {
      if (seq === 2) throw new Error('no room');
      for await (const chunk of chunks) stored.push(...chunk);
    },
    list: async () => [{ seq: 1, bytes: 3 }],
    latest: async () => undefined,
    discardAbove: async () => undefined,
    newestVersion: async () => 7,
  };
  const measured = measureSnapshots(store, snapshots);
  await measured.put({ foldVersion: 7, seq: 1 }, [new Uint8Array([1, 2]), new Uint8Array([3])]);
  await expect(measured.put({ foldVersion: 7, seq: 2 }, [])).rejects.toThrow('no room');
  expect(stored).toEqual([1, 2, 3]);
  expect(snapshots).toMatchObject({ stored: 1, failed: 1, last: { seq: 1, bytes: 3 } });
  expect(await measured.newestVersion()).toBe(7);
});

it('queries are answered as they were', async () => {
  const { queries } = createMeasures();
  const reply = { data: new Uint8Array([4]) };
  let answer: ((payload: Uint8Array) => Promise<unknown>) | undefined;
  const serve: ServeQueries = async ({ endpoints }) => {
    answer = endpoints[0]!.answer;
    return { stop: async () => undefined };
  };
  await measureQueries(
    serve,
    queries,
  )({
    name: 'muster-api',
    version: '1.0.0',
    description: '',
    queue: 'q',
    endpoints: [{ name: 'status', subject: 'muster.query.status', answer: async () => reply }],
  });
  expect(await answer!(new Uint8Array())).toBe(reply);
  expect(sum(queries.counts)).toBe(1);
});
