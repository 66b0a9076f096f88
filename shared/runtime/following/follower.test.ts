import { composeEvent, type EventDraft, encodeJson, eventSubject, type Read } from '@muster/events';
import { LogDivergedError, MemoryLog, MemorySnapshotStore } from '@muster/log';
import {
  type ClusterState,
  createChanges,
  createState,
  digestAt,
  FOLD_VERSION,
  foldRecord,
  hashState,
  sumOfRecord,
} from '@muster/state';
import { foldAll } from '@muster/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logging.ts';
import { takeSnapshot } from '../snapshots/snapshotting.ts';
import { findLost } from './find-lost.ts';
import { type Follower, RecordVoidedError, startFollower } from './follower.ts';

let log: MemoryLog;
let snapshots: MemorySnapshotStore;
let time: number;

beforeEach(() => {
  time = 1000;
  log = new MemoryLog({ now: () => time++ });
  snapshots = new MemorySnapshotStore();
});

const intend = (name: string) =>
  log.append(`muster.intent.ana.service.apply.${name}`, encodeJson({ image: name }));

async function decideOn(read: Read, intent: number) {
  const draft: EventDraft = {
    type: 'intent.rejected',
    cause: intent,
    intent,
    actor: 'ana',
    kind: 'invalid',
    message: 'no',
  };
  const { subject, data } = composeEvent(draft, time, { read });
  await log.append(subject, data);
}

async function follow(): Promise<Follower & { failure: Error | undefined }> {
  const follower = await startFollower({ log, clock: systemClock, logger: silentLogger, snapshots });
  let failure: Error | undefined;
  follower.onFailure((error) => {
    failure = error;
  });
  return Object.defineProperty(follower, 'failure', { get: () => failure }) as never;
}

const readAt = (state: ClusterState, seq = state.head): Read => ({ seq, digest: digestAt(state, seq)! });

async function declareVoid(record: number): Promise<number> {
  const { subject, data } = log.records[record - 1]!;
  const draft: EventDraft = {
    type: 'record.voided',
    cause: record,
    actor: 'ana',
    record,
    subject,
    sum: sumOfRecord({ data }),
    reason: 'not ours',
  };
  const event = composeEvent(draft, time);
  await log.append(event.subject, event.data);
  return log.records.length;
}

const writeUnknown = () =>
  log.append(
    'muster.event.orchestrator.cluster.self',
    encodeJson({ v: 9, type: 'x', writer: 'orchestrator', cause: 0, at: '2026-01-01T00:00:00Z' }),
  );

describe('a record that is declared void', () => {
  it.each([
    ['nobody understands', async () => void (await writeUnknown())],
    ['everybody has understood', () => decideOn({ seq: 0, digest: 0 }, 1)],
  ])('and that %s ends the follower, and the next one agrees with who never folded it', async (_, write) => {
    for (const name of ['a', 'b']) await intend(name);
    await write();
    await intend('c');
    const before = await follow();
    await takeSnapshot(snapshots, before.state, systemClock);
    await declareVoid(3);
    await vi.waitFor(() => expect(before.failure).toEqual(new RecordVoidedError(3, 5)));
    expect(before.isCertain).toBe(false);
    const after = await follow();
    expect(after.state.halted).toBeUndefined();
    expect([...after.state.intents.values()].map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(hashState(after.state)).toBe(hashState(foldAll(log.records)));
    // The snapshot was of no use, to anybody.
    expect(after.startedFrom).toBe(0);
    expect(await snapshots.list(FOLD_VERSION)).toEqual([]);
    await takeSnapshot(snapshots, after.state, systemClock);
    await intend('d');
    const later = await follow();
    expect(later.startedFrom).toBe(5);
    expect(hashState(later.state)).toBe(hashState(foldAll(log.records)));
  });

  it('while it catches up, is left out all the same', async () => {
    for (const name of ['a', 'b']) await intend(name);
    await writeUnknown();
    const { head } = log;
    // Said just after it was looked for.
    log.head = async () => {
      log.head = head;
      const before = await log.head();
      await declareVoid(3);
      return before;
    };
    const follower = await follow();
    expect(follower.state.halted).toBeUndefined();
    expect([...follower.state.voided]).toEqual([3]);
  });
});

describe('a follower', () => {
  it('fails when the log has lost what it had read, and another one agrees with the log', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await intend(name);
    const before = await follow();
    expect(before.isCertain).toBe(true);
    log.putBack(2);
    expect(before.isCertain).toBe(false);
    for (const name of ['e', 'c', 'f']) await intend(name);
    await vi.waitFor(() => expect(before.failure).toBeInstanceOf(LogDivergedError));
    expect(before.failure!.message).toMatch(/^the log was read up to 4, and is another one now: /);
    const after = await follow();
    expect([...after.state.intents.values()].map(({ name }) => name)).toEqual(['a', 'b', 'e', 'c', 'f']);
    expect(findLost(before, after)).toEqual({
      after: 2,
      to: 4,
      basis: 4,
      intents: [{ seq: 4, subject: 'muster.intent.ana.service.apply.d' }],
    });
  });

  it('goes on, and says so, when the log has lost nothing that it had read', async () => {
    await intend('a');
    const follower = await follow();
    const turns: boolean[] = [];
    follower.onTurn(() => turns.push(follower.isCertain));
    log.putBack(1);
    await vi.waitFor(() => expect(turns).toEqual([true]));
    expect(follower.failure).toBeUndefined();
    expect(findLost(follower, await follow())).toBeUndefined();
  });
});

describe('a snapshot', () => {
  /** Of a copy that took another first record for the log's, and then went on with the log. */
  async function storeAstray(): Promise<void> {
    for (const name of ['a', 'b', 'c']) await intend(name);
    const astray = createState();
    for (const record of log.records) {
      const data = record.seq === 1 ? encodeJson({ image: 'x' }) : record.data;
      foldRecord(astray, { ...record, data }, createChanges());
    }
    await takeSnapshot(snapshots, astray, systemClock);
  }

  it('of a state that went astray is discarded when all decisions since say otherwise', async () => {
    await storeAstray();
    const right = await startFollower({ log, clock: systemClock, logger: silentLogger });
    await decideOn(readAt(right.state), 1);
    const follower = await follow();
    expect(follower.startedFrom).toBe(0);
    expect(hashState(follower.state)).toBe(hashState(right.state));
    expect(await snapshots.latest(FOLD_VERSION)).toBeUndefined();
  });

  it('is kept when decisions since say both', async () => {
    for (const name of ['a', 'b', 'c']) await intend(name);
    const right = await startFollower({ log, clock: systemClock, logger: silentLogger });
    await takeSnapshot(snapshots, right.state, systemClock);
    await decideOn({ seq: 3, digest: 5 }, 1);
    await vi.waitFor(() => expect(right.state.head).toBe(4));
    await decideOn(readAt(right.state), 2);
    const follower = await follow();
    expect(follower.startedFrom).toBe(3);
    expect(follower.state.astray).toBe(1);
  });

  it('of a state that went astray ends the follower at the first decision that says so', async () => {
    await storeAstray();
    const follower = await follow();
    expect(follower.startedFrom).toBe(3);
    const right = await startFollower({ log, clock: systemClock, logger: silentLogger });
    await decideOn(readAt(right.state), 1);
    await vi.waitFor(() => expect(follower.failure).toBeInstanceOf(LogDivergedError));
    expect((await follow()).startedFrom).toBe(0);
  });
});

it('a stray decision alone is void, and nobody fails for it', async () => {
  await intend('a');
  const follower = await follow();
  await decideOn({ seq: 1, digest: 5 }, 1);
  await vi.waitFor(() => expect(follower.state.astray).toBe(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(follower.failure).toBeUndefined();
  expect(follower.state.lastSeqs.get(eventSubject('orchestrator', 'intent', 1))).toBe(2);
});
