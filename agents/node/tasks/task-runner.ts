// Drives the backend towards what is wanted of each task, one effect for a task at a time: asks nextStep, does what
// it says, looks again. Decides nothing itself but how long to wait after a failure.
import { type Backend, BackendUnavailableError, RejectedError } from '@muster/backends';
import { type Aside, type Clock, createLane, type Lane, type Logger } from '@muster/runtime';
import type { Progress } from '../reports/progress.ts';
import type { Reporter } from '../reports/reporter.ts';
import { CancellableCall } from './cancellable-call.ts';
import {
  type Effect,
  hasEnded,
  isToEnd,
  nextStep,
  type Reach,
  reachFailed,
  reachRejected,
  shutDown,
} from './next-step.ts';
import { backOff, describeError } from './patience.ts';
import { ForeignTaskError, isForeign } from './picture.ts';
import { seeDone, seeRun, statusOf, type TaskEntry } from './task-entry.ts';

export interface TaskRunnerOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly progress: Progress;
  readonly reporter: Reporter;
  readonly entries: Map<string, TaskEntry>;
  readonly maxConcurrentStarts: number;
  readonly maxConcurrentStops: number;
  /** What could not be told of is not begun; `resume` looks again. */
  readonly mayBegin: () => boolean;
  readonly onUnavailable: (error: Error) => void;
  /** Before a task starts: its networks are there when this has resolved. Left out where it has none of ours. */
  readonly attach?: (taskId: string, signal: AbortSignal) => Promise<void>;
  /** The task runs, and nothing else is to be done with it. */
  readonly onRunning?: (entry: TaskEntry) => void;
  /** The task has come further, or to its end. */
  readonly onReached?: (entry: TaskEntry) => void;
  /** Nothing is left of the task, and it has left `entries`. */
  readonly onForgotten: (entry: TaskEntry) => void;
}

export interface TaskRunner {
  /** Tasks started so far, and tasks that failed or were rejected. */
  readonly started: number;
  readonly failed: number;
  /** Something about the task changed. */
  advance(entry: TaskEntry): void;
  /** What is wanted of the task changed: it is not to wait out a failure, or to go on with what nobody wants any more. */
  redirect(entry: TaskEntry): void;
  /** Whether it is well has changed. */
  turn(entry: TaskEntry): void;
  /** The task can't be run here. */
  refuse(entry: TaskEntry, reason: string): void;
  /** Tasks keep their state until `resume`: what the backend has of them is not known. */
  suspend(): void;
  resume(): void;
  /** Begins nothing any more. Resolves when what was under way is done. */
  stop(): Promise<void>;
}

/** Preparing is tried so often; then the task is rejected, and may be tried on another node. */
const PREPARE_ATTEMPTS = 6;
const RETRY = { firstMs: 1_000, mostMs: 30_000 };
/** What takes longer holds no place among those at work: the engine may be stuck with it, or wait for its grace period. */
const LENT_MS = { starts: 5_000, stops: 1_000 };

export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const { backend, clock, logger, progress, reporter, entries } = options;
  const onError = (error: unknown) =>
    logger.error({ err: describeError(error) }, 'a task was left in the middle of its way');
  const starts = openLane(options.maxConcurrentStarts, LENT_MS.starts);
  const stops = openLane(options.maxConcurrentStops, LENT_MS.stops);
  /** Of tasks that are being prepared or started. */
  const calls = new Map<TaskEntry, CancellableCall>();
  let suspended = true;
  let stopped = false;
  let started = 0;
  let failed = 0;

  function openLane(limit: number, lentMs: number): Lane<TaskEntry> {
    const lane: Lane<TaskEntry> = createLane({
      limit,
      lentMs,
      clock,
      work: (entry, aside) => work(entry, lane, aside),
      onError,
    });
    return lane;
  }

  function laneOf(effect: Effect): Lane<TaskEntry> {
    return effect === 'prepare' || effect === 'start' ? starts : stops;
  }

  function advance(entry: TaskEntry): void {
    const effect = settle(entry);
    if (effect) laneOf(effect).add(entry);
  }

  /** Takes every step that needs nothing of the backend, and returns what it is to do then. */
  function settle(entry: TaskEntry): Effect | undefined {
    while (!suspended && !stopped && !entry.busy && !entry.retry && entries.get(entry.id) === entry) {
      const step = nextStep(entry);
      switch (step.do) {
        case 'rest':
          if (entry.condition && entry.presence === 'running') options.onRunning?.(entry);
          return undefined;
        case 'reach':
          reach(entry, step);
          break;
        case 'forget':
          forget(entry);
          return undefined;
        case 'prepare':
        case 'start':
          return options.mayBegin() ? step.do : undefined;
        default:
          return step.do;
      }
    }
    return undefined;
  }

  /** A place in a lane is kept from preparing to starting: tasks that began first run first. */
  async function work(entry: TaskEntry, lane: Lane<TaskEntry>, aside: Aside): Promise<void> {
    // One for both steps.
    let call = new CancellableCall(aside);
    for (;;) {
      const effect = settle(entry);
      if (!effect) return;
      if (laneOf(effect) !== lane) {
        laneOf(effect).add(entry);
        return;
      }
      if (lane === starts) {
        if (call.isCancelled) call = new CancellableCall(aside);
        calls.set(entry, call);
      }
      entry.busy = true;
      try {
        await perform(entry, effect, call);
        entry.failures = 0;
      } catch (error) {
        if (call.isCancelled) noteCancelled(entry, effect);
        else noteFailure(entry, effect, error);
      } finally {
        entry.busy = false;
        calls.delete(entry);
      }
    }
  }

  async function perform(entry: TaskEntry, effect: Effect, call: CancellableCall): Promise<void> {
    const { stamp } = entry;
    switch (effect) {
      case 'prepare': {
        const order = entry.order!;
        const run = await backend.prepare(order, call);
        if (isForeign(run, order.identity.clusterId)) throw new ForeignTaskError(run);
        seeRun(entry, run);
        return;
      }
      case 'start':
        // Not before it is on record that this task may have run.
        await progress.saved();
        if (options.attach) await options.attach(entry.id, call.signal);
        if (stopped || suspended || call.isCancelled) return;
        seeRun(entry, await backend.start(entry.id, call));
        started += 1;
        return;
      case 'stop':
        if (hasEnded(entry.reached)) {
          const { id, reached } = entry;
          logger.warn({ task: id, reached }, 'a task that has ended runs: it is stopped');
        }
        await backend.stop(entry.id);
        await lookAtEnd(entry);
        // Unless somebody starts it again at this moment: then it is stopped once more.
        seeDone(entry, stamp, 'exited');
        return;
      case 'remove':
        await backend.remove(entry.id);
        entry.presence = 'absent';
        entry.stamp += 1;
    }
  }

  /** One that nobody has asked to end is judged by how it ended. */
  async function lookAtEnd(entry: TaskEntry): Promise<void> {
    if (isToEnd(entry.wanted) || hasEnded(entry.reached)) return;
    const run = await backend.inspect(entry.id);
    if (run) seeRun(entry, run);
  }

  /** Nobody wants it any more, and the backend was not waited for. What may still come to run is stopped. */
  function noteCancelled(entry: TaskEntry, effect: Effect): void {
    if (stopped) return;
    entry.stamp += 1;
    if (effect === 'prepare') {
      if (entry.presence === 'absent') entry.presence = 'unknown';
    } else if (entry.presence !== 'exited') {
      if (!hasEnded(entry.reached)) reach(entry, shutDown(entry));
      entry.presence = 'running';
    }
  }

  function noteFailure(entry: TaskEntry, effect: Effect, error: unknown): void {
    if (stopped) return;
    if (error instanceof BackendUnavailableError) {
      options.onUnavailable(error);
      return;
    }
    const err = describeError(error);
    entry.failures += 1;
    entry.stamp += 1;
    // That a task can't run is told in the log of the cluster; that one can't be got rid of is told here alone.
    logger[effect === 'stop' || effect === 'remove' ? 'warn' : 'info'](
      { task: entry.id, effect, err, failures: entry.failures },
      'the backend could not do it',
    );
    const isNothingOurs = error instanceof ForeignTaskError;
    if (effect === 'prepare' && entry.presence === 'absent' && !isNothingOurs) entry.presence = 'unknown';
    if (effect === 'prepare' && (error instanceof RejectedError || entry.failures >= PREPARE_ATTEMPTS)) {
      reach(entry, reachRejected(err));
    } else if (effect === 'start') {
      reach(entry, reachFailed('starting', err));
    } else {
      entry.retry = clock.schedule(backOff(RETRY, entry.failures), () => {
        entry.retry = undefined;
        advance(entry);
      });
    }
  }

  function reach(entry: TaskEntry, step: Reach): void {
    const { state } = step;
    const isOver = hasEnded(state);
    if (state === 'failed' || state === 'rejected') failed += 1;
    entry.reached = state;
    entry.message = step.message;
    entry.err = step.err;
    entry.exitCode = step.exitCode;
    const tellsTime = state === 'running' || isOver;
    entry.reachedAt = (tellsTime ? entry.changedAt : undefined) ?? clock.now();
    entry.changedAt = undefined;
    entry.failures = 0;
    if (isOver || state === 'starting' || state === 'running') entry.order = undefined;
    // Of one that is checked it counts which: what runs need not be well.
    const isToKeep = isOver || state === 'starting' || (state === 'running' && entry.condition !== undefined);
    if (isToKeep) progress.remember(statusOf(entry));
    // Somebody waits for a task to run, to end, or to be ready when it is to stay so.
    const urgent = tellsTime || (state === 'ready' && entry.wanted === 'ready');
    reporter.report(statusOf(entry), { urgent });
    entry.reported = true;
    options.onReached?.(entry);
    logger[step.err === undefined ? 'debug' : 'info'](
      { task: entry.id, state, err: step.err },
      'a task changed',
    );
  }

  function forget(entry: TaskEntry): void {
    entries.delete(entry.id);
    progress.forget(entry.id);
    reporter.reportGone(entry.id);
    options.onForgotten(entry);
  }

  function endRetry(entry: TaskEntry): void {
    entry.retry?.cancel();
    entry.retry = undefined;
  }

  return {
    get started() {
      return started;
    },
    get failed() {
      return failed;
    },
    advance,
    redirect(entry) {
      endRetry(entry);
      if (isToEnd(entry.wanted)) calls.get(entry)?.cancel();
      entry.failures = 0;
      advance(entry);
    },
    turn(entry) {
      if (entry.reached === 'running') {
        progress.remember(statusOf(entry));
        reporter.report(statusOf(entry), { urgent: true });
      }
      advance(entry);
    },
    refuse(entry, reason) {
      endRetry(entry);
      reach(entry, reachRejected(reason));
    },
    suspend() {
      suspended = true;
    },
    resume() {
      suspended = false;
      for (const entry of [...entries.values()]) advance(entry);
    },
    async stop() {
      stopped = true;
      for (const entry of entries.values()) endRetry(entry);
      await Promise.all([starts.idle(), stops.idle()]);
    },
  };
}
