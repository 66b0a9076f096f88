import { encodeJson } from '@muster/events';
import { MemoryLog, MemorySnapshotStore } from '@muster/log';
import {
  type ClusterState,
  captureState,
  createChanges,
  createState,
  FOLD_VERSION,
  hashState,
  type TaskMap,
  writeSnapshot,
} from '@muster/state';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { type Follower, startFollower, type TurnListener } from '../following/follower.ts';
import { type Logger, silentLogger } from '../logging.ts';
import { snapshotRegularly } from './snapshot-regularly.ts';
import { takeSnapshot } from './snapshotting.ts';

let snapshots: MemorySnapshotStore;
let warnings: string[];

beforeEach(() => {
  snapshots = new MemorySnapshotStore();
  warnings = [];
});

async function writeLog(startAt: number): Promise<MemoryLog> {
  let time = startAt;
  const log = new MemoryLog({ now: () => time++ });
  for (const name of ['a', 'b', 'c']) await append(log, name);
  return log;
}

function append(log: MemoryLog, name: string) {
  return log.append(`muster.intent.ana.service.apply.${name}`, encodeJson({ image: name }));
}

interface Followed {
  readonly state: ClusterState;
  readonly hash: string;
  /** The sequence from which on it was folded. */
  readonly from: unknown;
}

async function follow(log: MemoryLog): Promise<Followed> {
  let from: unknown;
  const logger: Logger = {
    debug: (facts: { snapshot?: unknown }) => {
      from = facts.snapshot;
    },
    info: () => undefined,
    warn: (facts: object, message: string) => {
      warnings.push(`${message} ${JSON.stringify(facts)}`);
    },
    error: () => undefined,
  } as unknown as Logger;
  const follower = await startFollower({ log, clock: systemClock, logger, snapshots });
  await follower.stop();
  return { state: follower.state, hash: hashState(follower.state), from };
}

describe('a start', () => {
  it('from a snapshot and the rest leads where a start from the beginning does', async () => {
    const log = await writeLog(1000);
    await takeSnapshot(snapshots, (await follow(log)).state, systemClock);
    await append(log, 'd');
    const { hash, from } = await follow(log);
    expect(from).toBe(3);
    snapshots = new MemorySnapshotStore();
    expect(await follow(log)).toMatchObject({ hash, from: 0 });
    expect(warnings).toEqual([]);
  });

  it('ignores a snapshot whose content is not what was stored, and says so', async () => {
    const log = await writeLog(1000);
    const { state, hash } = await follow(log);
    const meta = { foldVersion: FOLD_VERSION, seq: state.head };
    const chunks = [...writeSnapshot(captureState(state))];
    for (const broken of [
      chunks.slice(0, -1),
      chunks.map((chunk) => chunk.map((byte) => byte ^ 1)),
      [...writeSnapshot(captureState({ ...state, head: 2 }))],
    ]) {
      await snapshots.put(meta, broken);
      expect(await follow(log)).toMatchObject({ hash, from: 0 });
    }
    expect(warnings).toEqual(Array(3).fill(expect.stringContaining('ignoring a snapshot')));
  });

  it('ignores the snapshots of a newer version, and says so', async () => {
    const log = await writeLog(1000);
    const meta = { foldVersion: FOLD_VERSION + 1, seq: 3 };
    await snapshots.put(meta, [encodeJson(['head', 3])]);
    expect(await follow(log)).toMatchObject({ from: 0 });
    expect(warnings).toEqual([expect.stringContaining('the snapshots of a newer version')]);
  });

  it.each([0, 3])(
    'ignores a snapshot of another log, which has %i records more than this one',
    async (more) => {
      const other = await writeLog(9000);
      for (let index = 0; index < more; index += 1) await append(other, `d${index}`);
      await takeSnapshot(snapshots, (await follow(other)).state, systemClock);
      expect(await follow(await writeLog(1000))).toMatchObject({ from: 0, state: { head: 3 } });
      expect(warnings).toEqual([expect.stringContaining('it is of another log')]);
      expect(await snapshots.latest(FOLD_VERSION)).toBeUndefined();
    },
  );
});

describe('snapshots now and then', () => {
  it('come soon after a start that had much to fold', async () => {
    const log = await writeLog(1000);
    const follower = await startFollower({ log, clock: systemClock, logger: silentLogger, snapshots });
    snapshotRegularly({ follower, snapshots, clock: systemClock, logger: silentLogger, every: 4 });
    await append(log, 'd');
    await expect.poll(() => snapshots.latest(FOLD_VERSION)).toMatchObject({ meta: { seq: 4 } });
    await follower.stop();
  });

  it.each([
    ['a small state', 3, [10, 20, 30, 40]],
    ['a large one', 250, [25]],
  ])('of %s are as far apart as it is large', async (_what, tasks, taken) => {
    // Only how many there are counts here.
    const state = { ...createState(), tasks: { size: tasks } as TaskMap };
    let turn: TurnListener | undefined;
    const follower = {
      state,
      startedFrom: 0,
      onTurn(listener: TurnListener) {
        turn = listener;
        return () => undefined;
      },
    } as unknown as Follower;
    const seqs: number[] = [];
    snapshots.put = async ({ seq }) => {
      seqs.push(seq);
    };
    snapshotRegularly({ follower, snapshots, clock: systemClock, logger: silentLogger, every: 10 });
    for (state.head = 1; state.head <= 45; state.head += 1) {
      turn?.(state, createChanges());
      await new Promise(setImmediate);
    }
    expect(seqs).toEqual(taken);
  });
});
