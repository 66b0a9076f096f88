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
} from '@muster/state';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { findLost } from './find-lost.ts';
import { type Follower, startFollower } from './follower.ts';
import { silentLogger } from './logging.ts';
import { takeSnapshot } from './snapshotting.ts';

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
