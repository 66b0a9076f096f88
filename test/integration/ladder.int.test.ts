// The ladder of snapshots on a real server: built from nothing, by any rung and what comes after it the whole log is told.
import { createApi } from '@muster/api';
import { ensureStreams, JetStreamLog, JetStreamSnapshotStore, LADDER_LIMITS } from '@muster/log';
import {
  climb,
  connectNats,
  loadNearest,
  type NatsServerProcess,
  silentLogger,
  startFollower,
  startNatsServer,
  systemClock,
} from '@muster/runtime';
import { createState, FOLD_VERSION, foldRecord, hashState, ignoreChanges, NO_VOIDS } from '@muster/state';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadLog } from '../bench/replay/load-log.ts';
import { tellStory } from '../bench/replay/story.ts';

const EVERY = 150;
const quiet = { clock: systemClock, logger: silentLogger };

let server: NatsServerProcess;
let connection: Awaited<ReturnType<typeof connectNats>>;
let log: JetStreamLog;
let snapshots: JetStreamSnapshotStore;
let head: number;
/** Of the whole log up to each sequence asked for. */
const hashes = new Map<number, string>();

beforeAll(async () => {
  server = await startNatsServer();
  connection = await connectNats(server.url, { name: 'test' });
  await ensureStreams(connection);
  const story = tellStory({ events: 1_000, nodes: 10, services: 8, replicas: 4, seed: 5 });
  ({ records: head } = await loadLog(connection, story.records, () => undefined));
  log = new JetStreamLog(connection);
  snapshots = new JetStreamSnapshotStore(connection, { ...LADDER_LIMITS, every: EVERY });
  const state = createState();
  for await (const record of log.read({ from: 1 })) {
    foldRecord(state, record, ignoreChanges());
    if (record.seq % 70 === 0 || record.seq === head) hashes.set(record.seq, hashState(state));
  }
}, 60_000);

afterAll(async () => {
  await connection?.close();
  await server?.stop();
});

it('leads from every rung to what the whole log folds to', async () => {
  const climbing = {
    ...quiet,
    log,
    snapshots,
    head: () => head,
    mayGoOn: () => true,
    onPending: () => undefined,
  };
  expect(await climb(climbing)).toBe(true);
  const rungs = await snapshots.list(FOLD_VERSION);
  expect(rungs.map(({ seq }) => seq)).toEqual([150, 300, 450, 600, 750, 900]);
  for (const { seq } of rungs) {
    const state = (await loadNearest({ ...quiet, snapshots, log, voids: NO_VOIDS }, seq))!;
    expect(state.head).toBe(seq);
    for await (const record of log.read({ from: seq + 1, to: head }))
      foldRecord(state, record, ignoreChanges());
    expect(hashState(state)).toBe(hashes.get(head));
  }
});

it('tells the state of any moment, by its sequence and by its time', async () => {
  const follower = await startFollower({ ...quiet, log, snapshots });
  const api = createApi({ ...quiet, follower, log, snapshots });
  const ask = async (at: number | string) =>
    (await api.answer('state.hash', Buffer.from(JSON.stringify({ at })))).answer as {
      seq: number;
      hash: string;
    };
  for (const [seq, hash] of hashes) {
    expect(await ask(seq)).toMatchObject({ seq, hash });
    const { time } = (await log.find(seq))!;
    const then = await ask(new Date(time).toISOString());
    expect((await log.find(then.seq))!.time).toBe(time);
    expect((await log.find(then.seq + 1))?.time).not.toBe(time);
  }
  await follower.stop();
});
