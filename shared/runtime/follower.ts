// Keeps one folded state in step with the log. Several reducers of a process share a follower; each process has
// its own. It decides nothing.
import type { EventFact, Fact } from '@muster/events';
import type { Following, Log, LogRecord, SnapshotStore } from '@muster/log';
import {
  type Changes,
  type ClusterState,
  clearChanges,
  createChanges,
  createState,
  foldRecord,
  ignoreChanges,
} from '@muster/state';
import type { Clock } from './clock.ts';
import type { Logger } from './logging.ts';
import { loadSnapshot } from './snapshotting.ts';

export interface FollowerOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly snapshots?: SnapshotStore;
}

export type TurnListener = (state: ClusterState, changes: Changes) => void;

export type EventListener = (state: ClusterState, fact: EventFact) => void;

export interface Follower {
  readonly state: ClusterState;
  /** The sequence of the snapshot it started from; 0 when it folded everything. */
  readonly startedFrom: number;
  /** Resolves when `seq` has been folded. Rejects when the follower stops first. */
  waitFor(seq: number): Promise<void>;
  /** Calls back after each turn of folding, with what it touched; only from now on, and only once caught up. */
  onTurn(listener: TurnListener): () => void;
  /** Calls back with each event just before it is folded; only from now on. */
  onEvent(listener: EventListener): () => void;
  /** Calls back if following ended for good: the state is stale from here on, and the process should end. */
  onFailure(listener: (error: Error) => void): void;
  stop(): Promise<void>;
}

/** Resolves when everything the log held at the time of the call has been folded. */
export async function startFollower({ log, clock, logger, snapshots }: FollowerOptions): Promise<Follower> {
  const state = (await loadSnapshot(snapshots, log, clock, logger)) ?? createState();
  const snapshot = state.head;
  const changes = createChanges();
  const nobodyLooks = ignoreChanges();
  const turnListeners = new Set<TurnListener>();
  const eventListeners = new Set<EventListener>();
  const failureListeners = new Set<(error: Error) => void>();
  const waiters = new Set<{ seq: number; resolve: () => void; reject: (error: Error) => void }>();
  let following: Following | undefined;
  let caughtUp = false;
  let turnQueued = false;
  let ended: Error | undefined;

  function fold(record: LogRecord): void {
    foldRecord(state, record, caughtUp ? changes : nobodyLooks, tellOfEvent);
    if (!caughtUp || turnQueued) return;
    turnQueued = true;
    // One turn for all the records that arrived together.
    queueMicrotask(endTurn);
  }

  function tellOfEvent(fact: Fact): void {
    if (fact.is === 'event') for (const listener of eventListeners) listener(state, fact);
  }

  function endTurn(): void {
    turnQueued = false;
    if (ended) return;
    for (const waiter of waiters) {
      if (waiter.seq <= state.head) {
        waiters.delete(waiter);
        waiter.resolve();
      }
    }
    for (const listener of turnListeners) listener(state, changes);
    clearChanges(changes);
  }

  function fail(error: Error): void {
    if (ended) return;
    ended = error;
    for (const waiter of waiters) waiter.reject(error);
    waiters.clear();
    for (const listener of failureListeners) listener(error);
  }

  const started = clock.now();
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error) => {
      fail(error);
      reject(error);
    };
    const onCaughtUp = () => {
      caughtUp = true;
      resolve();
    };
    log.follow({ from: state.head + 1, onRecord: fold, onCaughtUp, onError }).then((handle) => {
      following = handle;
      if (ended) void handle.stop();
    }, onError);
  });
  logger.debug({ snapshot, head: state.head, ms: clock.now() - started }, 'caught up with the log');

  return {
    state,
    startedFrom: snapshot,
    waitFor(seq) {
      if (seq <= state.head) return Promise.resolve();
      if (ended) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        const waiter = { seq, resolve, reject };
        waiters.add(waiter);
      });
    },
    onTurn(listener) {
      turnListeners.add(listener);
      return () => turnListeners.delete(listener);
    },
    onEvent(listener) {
      eventListeners.add(listener);
      return () => eventListeners.delete(listener);
    },
    onFailure(listener) {
      failureListeners.add(listener);
    },
    async stop() {
      failureListeners.clear();
      fail(new Error('the follower was stopped'));
      await following?.stop();
    },
  };
}
