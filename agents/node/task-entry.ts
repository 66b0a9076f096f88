// What an agent keeps in mind of one task: as little as will do, for there may be hundreds of thousands in a
// simulation.
import type { RunState, TaskOrder } from '@muster/backends';
import type { TaskStatus } from '@muster/events';
import type { Timer } from '@muster/runtime';
import { hasEnded, type Presence, type Reached, type Wanted } from './next-step.ts';

export interface TaskEntry {
  readonly id: string;
  /** Of the command that holds; -1 when there is none. */
  basis: number;
  wanted: Wanted;
  /** What to run; dropped once it has been started. */
  order: TaskOrder | undefined;
  reached: Reached;
  /** When, ms since the epoch. */
  reachedAt: number;
  /** Its state has been reported since this agent started. */
  reported: boolean;
  message: string | undefined;
  err: string | undefined;
  exitCode: number | undefined;
  presence: Presence;
  runId: string | undefined;
  /** Why it exited, in the backend's words. */
  error: string | undefined;
  /** When it last changed by the backend's account, ms since the epoch. */
  changedAt: number | undefined;
  /** The backend is at work on it. */
  busy: boolean;
  /** Failures of the present step in a row, and the timer until it is tried again. */
  failures: number;
  retry: Timer | undefined;
}

export function createEntry(id: string): TaskEntry {
  return {
    id,
    basis: -1,
    wanted: 'nothing',
    order: undefined,
    reached: 'assigned',
    reachedAt: 0,
    reported: false,
    message: undefined,
    err: undefined,
    exitCode: undefined,
    presence: 'absent',
    runId: undefined,
    error: undefined,
    changedAt: undefined,
    busy: false,
    failures: 0,
    retry: undefined,
  };
}

/** An entry as an earlier run of the agent left it. Whether the backend still has the task is not said yet. */
export function recallEntry(status: TaskStatus): TaskEntry {
  return {
    ...createEntry(status.id),
    reached: status.state,
    reachedAt: status.at ?? 0,
    message: status.message,
    err: status.err,
    exitCode: status.exitCode,
    runId: status.runId,
  };
}

const presences: readonly Presence[] = ['absent', 'unknown', 'created', 'running', 'exited'];

/** News of the backend may come twice and out of order; a task only ever goes from created to exited. */
export function seeRun(entry: TaskEntry, run: RunState): void {
  if (presences.indexOf(run.status) <= presences.indexOf(entry.presence)) return;
  entry.presence = run.status;
  entry.runId = run.runId;
  if (hasEnded(entry.reached)) return;
  entry.exitCode = run.exitCode;
  entry.error = run.error;
  entry.changedAt = run.finishedAt ?? run.startedAt;
}

/** The backend has nothing of the task any more. How it exited, where that is known, still counts. */
export function seeAbsence(entry: TaskEntry): void {
  if (entry.presence !== 'exited' || hasEnded(entry.reached)) entry.presence = 'absent';
}

export function statusOf(entry: TaskEntry): TaskStatus & { readonly at: number } {
  const { id, reached, reachedAt: at, message, err, exitCode, runId } = entry;
  if (reached === 'assigned') throw new Error(`nothing is known of task ${id} yet`);
  return {
    id,
    state: reached,
    at,
    ...(message === undefined ? {} : { message }),
    ...(err === undefined ? {} : { err }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(runId === undefined ? {} : { runId }),
  };
}
