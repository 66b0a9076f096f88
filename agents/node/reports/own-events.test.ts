// The chain of a node's own events when somebody else has written on its subject, or the log is not what it was.
import { composeEvent, type EventDraft, eventSubject } from '@muster/events';
import { MemoryLog } from '@muster/log';
import { silentLogger } from '@muster/runtime';
import { VirtualClock } from '@muster/testing';
import { describe, expect, it } from 'vitest';
import { StoppedError } from '../tasks/patience.ts';
import { createOwnEvents, DisplacedError, type OwnEventsOptions } from './own-events.ts';

const NODE = 'node1';
const subject = eventSubject('agent', 'node', NODE);
const description = {
  hostname: 'one',
  platform: { os: 'linux', architecture: 'amd64' },
  resources: { nanoCpus: 1e9, memoryBytes: 1024 },
  engine: { backend: 'simulator', version: '1', labels: {} },
  labels: {},
};

function joins(session: string): EventDraft {
  return { type: 'node.joined', cause: 0, nodeId: NODE, session, description };
}

function reports(session: string, id: string, state: 'running' | 'failed'): EventDraft {
  return { type: 'tasks.reported', cause: 0, nodeId: NODE, session, statuses: [{ id, state }], gone: [] };
}

function setUp(options: Partial<OwnEventsOptions> = {}) {
  const clock = new VirtualClock();
  const log = new MemoryLog({ now: () => clock.now() });
  const stopping = new AbortController();
  const losses: string[][] = [];
  const own = createOwnEvents({
    log,
    clock,
    logger: silentLogger,
    signal: stopping.signal,
    nodeId: NODE,
    session: 'ours',
    wire: () => 1,
    onLost: (found) => losses.push(found.map(({ id }) => id)),
    ...options,
  });
  return {
    losses,
    clock,
    log,
    own,
    stopping,
    somebodyWrites: (draft: EventDraft) => log.append(subject, composeEvent(draft, clock.now()).data),
    sessions: () =>
      log.records.map(
        ({ data }) => (JSON.parse(new TextDecoder().decode(data)) as { session: string }).session,
      ),
  };
}

describe('recall', () => {
  it('finds the last state of each task, but for those that are gone', async () => {
    const { own, somebodyWrites } = setUp();
    await somebodyWrites(joins('before'));
    await somebodyWrites(reports('before', 'a', 'running'));
    await somebodyWrites(reports('before', 'b', 'running'));
    await somebodyWrites(reports('before', 'a', 'failed'));
    await somebodyWrites({ ...reports('before', 'c', 'failed'), gone: ['b'] } as EventDraft);
    expect((await own.recall(0)).map(({ id, state }) => [id, state])).toEqual([
      ['a', 'failed'],
      ['c', 'failed'],
    ]);
    expect(own.lastSeq).toBe(5);
  });

  it('reads only what is new, unless the log is shorter than it was', async () => {
    const short = setUp();
    await short.somebodyWrites(reports('before', 'a', 'running'));
    expect(await short.own.recall(100)).toHaveLength(1);
    const known = setUp();
    await known.somebodyWrites(reports('before', 'a', 'running'));
    await known.somebodyWrites(reports('before', 'b', 'running'));
    expect((await known.own.recall(1)).map(({ id }) => id)).toEqual(['b']);
    const regrown = setUp();
    await regrown.somebodyWrites(reports('before', 'a', 'running'));
    await regrown.log.append('muster.event.x.y.z', new Uint8Array());
    await regrown.somebodyWrites(reports('before', 'b', 'running'));
    expect((await regrown.own.recall(2)).map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('write', () => {
  it('goes on after what a killed predecessor still had on its way', async () => {
    const { own, somebodyWrites, sessions, clock } = setUp();
    await own.recall(0);
    await somebodyWrites(reports('before', 'a', 'running'));
    const joined = own.write(joins('ours'));
    await clock.advance(1_000);
    await joined;
    await own.write(reports('ours', 'a', 'failed'));
    expect(sessions()).toEqual(['before', 'ours', 'ours']);
  });

  it('goes on when the predecessor joined meanwhile: who joins last holds the node', async () => {
    const { own, somebodyWrites, sessions, clock } = setUp();
    await own.recall(0);
    await somebodyWrites(joins('before'));
    const joined = own.write(joins('ours'));
    await clock.advance(1_000);
    await joined;
    expect(sessions()).toEqual(['before', 'ours']);
  });

  it('ends when another has joined since', async () => {
    const { own, somebodyWrites, sessions } = setUp();
    await own.write(joins('ours'));
    await own.verify();
    await somebodyWrites(joins('theirs'));
    await somebodyWrites(reports('theirs', 'a', 'running'));
    await expect(own.write(reports('ours', 'a', 'failed'))).rejects.toThrow(DisplacedError);
    expect(sessions()).toEqual(['ours', 'theirs', 'theirs']);
  });

  it('finds out by looking, too', async () => {
    const { own, somebodyWrites } = setUp();
    await own.write(joins('ours'));
    await somebodyWrites(joins('theirs'));
    await expect(own.verify()).rejects.toThrow(DisplacedError);
  });

  it('goes on in a log that lost its end', async () => {
    const { own, log, somebodyWrites, sessions, clock } = setUp();
    await somebodyWrites(reports('before', 'a', 'running'));
    await somebodyWrites(reports('before', 'b', 'running'));
    await own.recall(0);
    log.putBack(1);
    const joined = own.write(joins('ours'));
    await clock.advance(1_000);
    await joined;
    expect(own.lastSeq).toBe(2);
    expect(sessions()).toEqual(['before', 'ours']);
  });

  it('says what a log that lost its end still has, also when that has grown again since', async () => {
    const { own, log, somebodyWrites, losses } = setUp();
    await somebodyWrites(reports('before', 'a', 'running'));
    await somebodyWrites(reports('before', 'b', 'running'));
    await own.recall(0);
    await own.check();
    expect(losses).toEqual([]);
    log.putBack(1);
    for (const subject of ['x', 'y', 'z']) await log.append(`muster.event.${subject}.y.z`, new Uint8Array());
    await own.check();
    expect(losses).toEqual([['a']]);
    expect(own.lastSeq).toBe(1);
  });

  it('keeps the order of the calls', async () => {
    const { own, log } = setUp();
    await Promise.all(
      [joins('ours'), reports('ours', 'a', 'running'), reports('ours', 'a', 'failed')].map(own.write),
    );
    expect(log.records.map(({ data }) => new TextDecoder().decode(data).includes('failed'))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('ends when the agent does', async () => {
    const clock = new VirtualClock();
    const log = new MemoryLog({ now: () => clock.now(), intercept: () => Promise.reject(new Error('away')) });
    const { own, stopping } = setUp({ log, clock });
    const writing = own.write(joins('ours'));
    await clock.advance(60_000);
    stopping.abort();
    await expect(writing).rejects.toThrow(StoppedError);
    expect(clock.pending).toBe(0);
  });
});
