// Snapshots as a cache of the fold: taken now and then, used at start-up, and ignored whenever in doubt.
import type { Log, SnapshotStore } from '@muster/log';
import { type ClusterState, FOLD_VERSION, hashState, listRows, type Row, restoreRows } from '@muster/state';
import type { Follower } from './follower.ts';
import type { Logger } from './logging.ts';

/** SwarmKit's raft takes one every 10,000 entries. */
export const SNAPSHOT_EVERY = 10_000;

export function encodeSnapshot(state: ClusterState): Uint8Array {
  const lines: string[] = [];
  for (const row of listRows(state)) lines.push(JSON.stringify(row));
  return new TextEncoder().encode(lines.join('\n'));
}

export function decodeSnapshot(content: Uint8Array): ClusterState {
  const lines = new TextDecoder().decode(content).split('\n');
  return restoreRows(lines.map((line) => JSON.parse(line) as Row));
}

/** The state of the latest snapshot that can be trusted; undefined means: fold from the beginning. */
export async function loadSnapshot(
  snapshots: SnapshotStore | undefined,
  log: Log,
  logger: Logger,
): Promise<ClusterState | undefined> {
  if (!snapshots) return undefined;
  try {
    const newest = await snapshots.newestVersion();
    if (newest !== undefined && newest > FOLD_VERSION) {
      logger.warn({ foldVersion: newest, own: FOLD_VERSION }, 'ignoring the snapshots of a newer version');
    }
    const stored = await snapshots.latest(FOLD_VERSION);
    if (!stored) return undefined;
    const state = decodeSnapshot(stored.content);
    if (state.head !== stored.meta.seq || hashState(state) !== stored.meta.hash) {
      throw new Error(`its content does not have the hash ${stored.meta.hash}`);
    }
    if (!(await isOfThisLog(state, log))) {
      throw new Error(`it is of another log: this one has another record at ${state.head}, or none`);
    }
    return state;
  } catch (error) {
    logger.warn(
      { error: (error as Error).message },
      'ignoring a snapshot; folding from the beginning instead',
    );
    return undefined;
  }
}

/** A log that was deleted and made anew leaves the snapshots of the old one. No two logs have the same clock. */
async function isOfThisLog({ head, headTime }: ClusterState, log: Log): Promise<boolean> {
  for await (const { time } of log.read({ from: head, to: head })) return time === headTime;
  return false;
}

export async function takeSnapshot(snapshots: SnapshotStore, state: ClusterState): Promise<void> {
  const meta = { foldVersion: FOLD_VERSION, seq: state.head, hash: hashState(state) };
  await snapshots.put(meta, encodeSnapshot(state));
}

/**
 * Takes a snapshot whenever that many events have been folded since the last, and at least as many as there are tasks:
 * nothing else happens while a state is written down, so what that costs must be spread over as much folding. A
 * failure is logged and tried again later.
 */
export function snapshotRegularly(
  follower: Follower,
  snapshots: SnapshotStore,
  logger: Logger,
  every: number = SNAPSHOT_EVERY,
): () => void {
  let last = follower.state.head;
  let busy = false;
  return follower.onTurn((state) => {
    if (busy || state.halted !== undefined) return;
    if (state.head - last < Math.max(every, state.tasks.size)) return;
    busy = true;
    last = state.head;
    takeSnapshot(snapshots, state)
      .catch((error: Error) => logger.warn({ error: error.message }, 'could not store a snapshot'))
      .finally(() => {
        busy = false;
      });
  });
}
