import { encodeJson } from '@muster/events';
import { LADDER_LIMITS, MemoryLog, MemorySnapshotStore } from '@muster/log';
import { createState, FOLD_VERSION, foldRecord, hashState, ignoreChanges } from '@muster/state';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryBus } from '../bus/memory-bus.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Logger, silentLogger } from '../logging.ts';
import { restoreState, takeSnapshot } from '../snapshots/snapshotting.ts';
import { type ClimbOptions, climb } from './climb.ts';
import { keepLadder } from './keep-ladder.ts';

const LIMITS = { ...LADDER_LIMITS, every: 300 };
const HEAD = 2_000;

let log: MemoryLog;
let snapshots: MemorySnapshotStore;
let said: string[];
let logger: Logger;

beforeEach(async () => {
  let time = 1_000;
  log = new MemoryLog({ now: () => time++ });
  for (let index = 0; index < HEAD; index += 1)
    await log.append(`muster.intent.ana.service.apply.s${index}`, encodeJson({ image: 'nginx' }));
  snapshots = new MemorySnapshotStore(LIMITS);
  said = [];
  logger = { ...silentLogger, info: (_facts: object, message: string) => void said.push(message) } as Logger;
});

const seqs = async () => (await snapshots.list(FOLD_VERSION)).map(({ seq }) => seq);

function foldTo(seq: number) {
  const state = createState();
  for (const record of log.records.slice(0, seq)) foldRecord(state, record, ignoreChanges());
  return state;
}

const climbWith = (changed: Partial<ClimbOptions> = {}) =>
  climb({
    log,
    snapshots,
    clock: systemClock,
    logger,
    head: () => HEAD,
    mayGoOn: () => true,
    onPending: () => undefined,
    ...changed,
  });

describe('building', () => {
  it('stores a rung at every distance, each what the log folds to, and says so', async () => {
    await takeSnapshot(snapshots, foldTo(1_990), systemClock);
    const pending: number[] = [];
    expect(await climbWith({ onPending: (records) => pending.push(records) })).toBe(true);
    expect(await seqs()).toEqual([300, 600, 900, 1_200, 1_500, 1_800, 1_990]);
    for (const seq of await seqs()) {
      const { chunks } = (await snapshots.latest(FOLD_VERSION, seq))!;
      expect(hashState(await restoreState(chunks, systemClock))).toBe(hashState(foldTo(seq)));
    }
    expect(said[0]).toBe('building the missing rungs of the ladder of snapshots');
    expect(said.at(-1)).toBe('the ladder of snapshots is complete');
    expect(pending).toEqual(pending.toSorted((a, b) => b - a));
    expect(pending.length).toBeGreaterThan(5);
  });

  it('begins at the rung below the gap, and reads no record twice', async () => {
    await takeSnapshot(snapshots, foldTo(400), systemClock);
    const reads: number[] = [];
    const { read } = log;
    log.read = (options) => {
      if (options.subjects === undefined) reads.push(options.from);
      return read.call(log, options);
    };
    await climbWith();
    expect(reads).toEqual([401, 701, 1_001, 1_301]);
    expect(await seqs()).toEqual([400, 700, 1_000, 1_300, 1_600]);
  });

  it('goes on from where somebody else has come to meanwhile', async () => {
    const put = snapshots.put.bind(snapshots);
    snapshots.put = async (meta, chunks) => {
      await put(meta, chunks);
      snapshots.put = put;
      for (const seq of [600, 900]) await takeSnapshot(snapshots, foldTo(seq), systemClock);
    };
    await climbWith();
    expect(said.filter((message) => message !== 'the ladder of snapshots is complete')).toHaveLength(4);
    expect(await seqs()).toEqual([300, 600, 900, 1_200, 1_500, 1_800]);
  });

  it('does nothing when nothing is missing, or when a newer version is at work', async () => {
    for (const seq of [400, 800, 1_200, 1_600, 2_000])
      await takeSnapshot(snapshots, foldTo(seq), systemClock);
    expect(await climbWith()).toBe(true);
    snapshots = new MemorySnapshotStore(LIMITS);
    await snapshots.put({ foldVersion: FOLD_VERSION + 1, seq: 5 }, []);
    expect(await climbWith()).toBe(true);
    expect(said).toEqual([]);
    expect(await seqs()).toEqual([]);
  });

  it('ends when it must not go on', async () => {
    let steps = 0;
    expect(await climbWith({ mayGoOn: () => steps++ < 3 })).toBe(false);
    expect(await seqs()).toEqual([300]);
  });

  it('ends when what it stores is not kept', async () => {
    snapshots.put = async () => undefined;
    expect(await climbWith()).toBe(false);
    expect(said.at(-1)).toBe('the ladder of snapshots has no room for more');
  });
});

/** A clock on which every wait is short. */
const hasty: Clock = {
  now: Date.now,
  schedule: (delayMs, action) => systemClock.schedule(delayMs / 50, action),
};

describe('copies', () => {
  it('leave the building to one of them, and take over when it goes', async () => {
    const bus = new MemoryBus({ clock: systemClock });
    const builders: string[] = [];
    const copies = ['a', 'b', 'c'].map((copy) => {
      const ours = {
        limits: LIMITS,
        list: snapshots.list.bind(snapshots),
        latest: snapshots.latest.bind(snapshots),
        discardAbove: snapshots.discardAbove.bind(snapshots),
        newestVersion: snapshots.newestVersion.bind(snapshots),
        put: async (...put: Parameters<typeof snapshots.put>) => {
          builders.push(copy);
          await snapshots.put(...put);
          // The first to build goes after its first rung.
          if (builders.length === 1) void copies[['a', 'b', 'c'].indexOf(copy)]!.stop();
        },
      };
      return keepLadder({
        log,
        snapshots: ours,
        bus: bus.client(copy),
        clock: hasty,
        logger,
        copy,
        head: () => HEAD,
      });
    });
    await expect.poll(seqs, { timeout: 4_000 }).toEqual([300, 600, 900, 1_200, 1_500, 1_800]);
    expect(new Set(builders).size).toBe(2);
    expect(new Set(builders.slice(1)).size).toBe(1);
    await Promise.all(copies.map((copy) => copy.stop()));
  });
});
