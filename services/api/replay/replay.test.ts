import { LADDER_LIMITS, MemoryLog, MemorySnapshotStore } from '@muster/log';
import { type Logger, silentLogger, systemClock, takeSnapshot } from '@muster/runtime';
import { createState, FOLD_VERSION, foldRecord, hashState, ignoreChanges } from '@muster/state';
import { joinReadyNode, startHistory } from '@muster/testing';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runService } from '../audit/story.fixture.ts';
import { createReplay } from './replay.ts';

let log: MemoryLog;
/** Of the state after each sequence. */
const hashes: string[] = [];
let reads: { from: number; to: number | undefined }[];
let warnings: unknown[];
let snapshots: MemorySnapshotStore;

beforeAll(async () => {
  const history = startHistory();
  joinReadyNode(history, 'n1');
  for (let index = 0; index < 8; index += 1)
    runService(history, `s${index}`, { replicas: 3, running: index % 4 });
  let now = 0;
  log = new MemoryLog({ now: () => now });
  const state = createState();
  hashes.push(hashState(state));
  for (const { subject, data, time } of history.records) {
    now = time;
    await log.append(subject, data);
    foldRecord(state, log.records.at(-1)!, ignoreChanges());
    hashes.push(hashState(state));
  }
  const { read } = log;
  log.read = (options) => {
    if (options.subjects === undefined) reads.push({ from: options.from, to: options.to });
    return read.call(log, options);
  };
});

beforeEach(() => {
  reads = [];
  warnings = [];
  snapshots = new MemorySnapshotStore({ ...LADDER_LIMITS, every: 1 });
});

/** Stores the states at these sequences. */
async function takeAt(...seqs: number[]): Promise<void> {
  for (const seq of seqs) {
    const state = createState();
    for (const record of log.records.slice(0, seq)) foldRecord(state, record, ignoreChanges());
    await takeSnapshot(snapshots, state, systemClock);
  }
}

function replay() {
  const logger = {
    ...silentLogger,
    warn: (facts: unknown) => void warnings.push(facts),
  } as unknown as Logger;
  return createReplay({ log, snapshots, clock: systemClock, logger });
}

it('leads from any rungs to what the whole log folds to, at any moment', async () => {
  const last = hashes.length - 1;
  const seq = fc.integer({ min: 0, max: last });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(seq.filter(Boolean), { maxLength: 5 }), seq, async (rungs, wanted) => {
      snapshots = new MemorySnapshotStore({ ...LADDER_LIMITS, every: 1 });
      await takeAt(...rungs);
      reads = [];
      const state = await replay().stateAt({ seq: wanted });
      expect(hashState(state)).toBe(hashes[wanted]);
      const below = Math.max(0, ...rungs.filter((rung) => rung <= wanted));
      expect(reads).toEqual(below === wanted ? [] : [{ from: below + 1, to: wanted }]);
    }),
    { numRuns: 50 },
  );
});

describe('a time', () => {
  it('is the end of its millisecond', async () => {
    await takeAt(10);
    for (const { seq, time } of log.records) {
      expect(hashState(await replay().stateAt({ time }))).toBe(hashes[seq]);
      expect(hashState(await replay().stateAt({ time: time - 1 }))).toBe(hashes[seq - 1]);
    }
  });
});

describe('a rung', () => {
  it('that can’t be read is passed over for the next lower one', async () => {
    await takeAt(10, 20);
    await snapshots.put({ foldVersion: FOLD_VERSION, seq: 30 }, [new Uint8Array([1, 2, 3])]);
    expect(hashState(await replay().stateAt({ seq: 35 }))).toBe(hashes[35]);
    expect(reads).toEqual([{ from: 21, to: 35 }]);
    expect(warnings).toEqual([expect.objectContaining({ seq: 30 })]);
  });

  it('of another log is passed over as well, and kept', async () => {
    await takeAt(10);
    const other = createState();
    for (const record of log.records.slice(0, 20))
      foldRecord(other, { ...record, time: record.time + 1 }, ignoreChanges());
    await takeSnapshot(snapshots, other, systemClock);
    expect(hashState(await replay().stateAt({ seq: 35 }))).toBe(hashes[35]);
    expect(reads).toEqual([{ from: 11, to: 35 }]);
    expect(await snapshots.list(FOLD_VERSION)).toHaveLength(2);
  });

  it('is not needed: a store that does not answer costs time alone', async () => {
    snapshots.latest = async () => {
      throw new Error('no answer');
    };
    expect(hashState(await replay().stateAt({ seq: 5 }))).toBe(hashes[5]);
    expect(warnings).toHaveLength(1);
  });
});

it('says so when the log has lost its end meanwhile', async () => {
  await expect(replay().stateAt({ seq: 10_000 })).rejects.toThrow('there is no 10000 any more');
});
