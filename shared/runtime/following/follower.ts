// Keeps one folded state in step with the log. Several reducers of a process share a follower; each process has
// its own. It decides nothing.
import type { EventFact, Fact } from '@muster/events';
import { type Following, type Log, LogDivergedError, type LogRecord, type SnapshotStore } from '@muster/log';
import {
  type Changes,
  type ClusterState,
  clearChanges,
  createChanges,
  createState,
  foldRecord,
  ignoreChanges,
  isFolded,
} from '@muster/state';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging.ts';
import { loadSnapshot } from '../snapshots/snapshotting.ts';
import { readVoids } from './read-voids.ts';
import { RecentIntents } from './recent-intents.ts';
import { createSelfDoubt } from './self-doubt.ts';

/** What was stored for less than this is on its way: nobody is late for it. */
export const LATE_AFTER_MS = 2_000;

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
  /**
   * What was folded last was in the log when it was last heard of. While the log is lost from sight it may lose its end,
   * so that nothing is to be decided until it is found again.
   */
  readonly isCertain: boolean;
  /** How old the state may be, in ms: the log is out of sight, or what it took comes late. Undefined while neither is so. */
  readonly ageMs: number | undefined;
  /** The sequence of the snapshot it started from; 0 when it folded everything. */
  readonly startedFrom: number;
  /** The intents folded last, to be named should the log lose them. */
  readonly recent: RecentIntents;
  /** Resolves when `seq` has been folded. Rejects when the follower stops first. */
  waitFor(seq: number): Promise<void>;
  /**
   * Calls back after each turn of folding, with what it touched, and when the log has been found again; only from now on,
   * and only once caught up.
   */
  onTurn(listener: TurnListener): () => void;
  /** Calls back with each event just before it is folded; only from now on. */
  onEvent(listener: EventListener): () => void;
  /**
   * Calls back if following ended for good: the state is stale from here on. After a `LogDivergedError`, and after a
   * `RecordVoidedError`, another follower will do; otherwise the process should end.
   */
  onFailure(listener: (error: Error) => void): void;
  stop(): Promise<void>;
}

/** A record that was folded is void since: another follower will do without it. */
export class RecordVoidedError extends Error {
  override readonly name = 'RecordVoidedError';
  constructor(
    readonly record: number,
    readonly seq: number,
  ) {
    super(`record ${record}, which was folded, is void since ${seq}`);
  }
}

/** Resolves when everything the log held at the time of the call has been folded. */
export async function startFollower(options: FollowerOptions): Promise<Follower> {
  for (;;) {
    try {
      return await follow(options);
    } catch (error) {
      // Said while we were catching up.
      if (!(error instanceof RecordVoidedError)) throw error;
    }
  }
}

const soon = Promise.resolve();

/** What a listener throws is nobody's to catch. */
function throwOutside(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

async function follow(options: FollowerOptions): Promise<Follower> {
  const { log, clock, logger, snapshots } = options;
  const voids = await readVoids(log);
  const state = (await loadSnapshot({ snapshots, log, voids, clock, logger })) ?? createState(voids);
  const snapshot = state.head;
  const changes = createChanges();
  const nobodyLooks = ignoreChanges();
  const recent = new RecentIntents();
  const doubt = createSelfDoubt(state, snapshot, log, clock);
  const turnListeners = new Set<TurnListener>();
  const eventListeners = new Set<EventListener>();
  const failureListeners = new Set<(error: Error) => void>();
  const waiters = new Set<{ seq: number; resolve: () => void; reject: (error: Error) => void }>();
  let following: Following | undefined;
  /** The log still had the snapshot's last record when following began. */
  let begun = snapshot === 0;
  let caughtUp = false;
  let inSight = true;
  let lostSightAt: number | undefined;
  let turnQueued = false;
  let ended: Error | undefined;

  function receive(record: LogRecord): void {
    if (record.seq > snapshot && begun) fold(record);
    else if (isFolded(state, record)) begun = true;
    else throw new LogDivergedError(snapshot, `it has another record ${record.seq} than the snapshot`);
  }

  function fold(record: LogRecord): void {
    const { astray } = state;
    const fact = foldRecord(state, record, caughtUp ? changes : nobodyLooks, tellOfEvent);
    if (fact.is === 'intent') recent.note(record);
    if (fact.is === 'event') {
      checkVoid(fact);
      doubt.note(fact, state.astray > astray);
    }
    if (!caughtUp) return;
    if (state.astray > astray) examine().catch(fail);
    queueTurn();
  }

  function checkVoid({ event, seq }: EventFact): void {
    if (event.type === 'record.voided' && seq > voids.readTo && event.record < seq)
      throw new RecordVoidedError(event.record, seq);
  }

  function tellOfEvent(fact: Fact): void {
    if (fact.is === 'event') for (const listener of eventListeners) listener(state, fact);
  }

  /** Somebody has decided on what isn't in our log: is it in the log? */
  async function examine(): Promise<void> {
    try {
      if (doubt.isAlone) {
        await snapshots?.discardAbove(snapshot - 1);
        fail(
          new LogDivergedError(
            state.head,
            `others have read another one; the snapshot at ${snapshot} was not of it`,
          ),
        );
      } else {
        const differs = await doubt.lookBack();
        if (differs !== undefined) fail(new LogDivergedError(state.head, `it has another record ${differs}`));
      }
    } catch (error) {
      logger.warn({ error: (error as Error).message }, 'could not compare what was folded with the log');
    }
  }

  /** One turn for all the records that arrived together. */
  function queueTurn(): void {
    if (turnQueued) return;
    turnQueued = true;
    // Cheaper than queueMicrotask, which makes a resource of its own each time.
    soon.then(endTurn).catch(throwOutside);
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

  /** It has ended for us, whatever becomes of it. */
  function complain(error: Error): void {
    logger.warn({ error: error.message }, 'could not end following the log');
  }

  function fail(error: Error): void {
    if (ended) return;
    ended = error;
    lostSightAt ??= clock.now();
    for (const waiter of waiters) waiter.reject(error);
    waiters.clear();
    following?.stop().catch(complain);
    for (const listener of failureListeners) listener(error);
  }

  const started = clock.now();
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error) => {
      fail(error);
      reject(error);
    };
    const onCaughtUp = () => {
      if (!begun) throw new LogDivergedError(snapshot, `it ends before the snapshot`);
      caughtUp = true;
      resolve();
    };
    const handlers = {
      onRecord: receive,
      onCaughtUp,
      onError,
      onInterrupted: () => {
        inSight = false;
        lostSightAt ??= clock.now();
      },
      onResumed: () => {
        inSight = true;
        if (!ended) lostSightAt = undefined;
        // Whoever stood still meanwhile is to look again.
        if (caughtUp) queueTurn();
      },
    };
    // The snapshot's last record comes once more: it may have gone since it was looked at.
    log.follow({ from: Math.max(1, snapshot), ...handlers }).then((handle) => {
      following = handle;
      if (ended) handle.stop().catch(complain);
    }, onError);
  });
  if (doubt.isAlone) {
    fail(new Error('it is started again'));
    logger.warn({ snapshot }, 'discarding a snapshot: all decisions since were made on another log');
    await snapshots?.discardAbove(snapshot - 1);
    return startFollower(options);
  }
  logger.debug({ snapshot, head: state.head, ms: clock.now() - started }, 'caught up with the log');

  return {
    state,
    get isCertain() {
      return inSight && ended === undefined;
    },
    get ageMs() {
      const lateMs = following?.measureLateMs?.() ?? 0;
      const unseenMs = lostSightAt === undefined ? 0 : Math.max(0, clock.now() - lostSightAt);
      return lostSightAt === undefined && lateMs <= LATE_AFTER_MS ? undefined : Math.max(unseenMs, lateMs);
    },
    startedFrom: snapshot,
    recent,
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
      // It may have ended while nobody listened yet.
      if (ended) queueMicrotask(() => failureListeners.has(listener) && listener(ended!));
    },
    async stop() {
      failureListeners.clear();
      fail(new Error('the follower was stopped'));
      await following?.stop();
    },
  };
}
