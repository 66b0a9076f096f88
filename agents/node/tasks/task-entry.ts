// What an agent keeps in mind of one task: as little as will do, for there may be hundreds of thousands in a
// simulation.
import type { RunState, TaskOrder } from '@muster/backends';
import type { TaskStatus } from '@muster/events';
import type { Timer } from '@muster/runtime';
import { type Condition, explainUnready, recallUnready } from '../health/condition.ts';
import { cutWords } from './cut-words.ts';
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
  /** The same of its last end, or of a start after that: what is told late is known by it. */
  turnedAt: number | undefined;
  /** Of one that is checked: what for, and what came of it. */
  condition: Condition | undefined;
  /** Rises with every change of what is known of it. */
  stamp: number;
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
    turnedAt: undefined,
    condition: undefined,
    stamp: 0,
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
    err: status.ready === false ? undefined : status.err,
    exitCode: status.exitCode,
    runId: status.runId,
    ...(status.ready === false && { condition: recallUnready(status.err) }),
  };
}

const presences: readonly Presence[] = ['absent', 'unknown', 'created', 'running', 'exited'];

/** News of the backend may come twice and out of order. */
export function seeRun(entry: TaskEntry, run: RunState): void {
  const { status, finishedAt } = run;
  if (isNews(entry, run)) takeRun(entry, run);
  else if (status === 'running' && entry.presence === 'running') seeHealth(entry, run);
  else if (status === 'exited' && entry.presence === 'exited' && finishedAt !== undefined)
    entry.turnedAt = Math.max(finishedAt, entry.turnedAt ?? finishedAt);
}

/** What the backend has now, whatever was known before. */
export function takeRun(entry: TaskEntry, run: RunState): void {
  const { status, startedAt, finishedAt } = run;
  if (status === 'exited') entry.turnedAt = finishedAt ?? entry.turnedAt;
  else if (entry.presence === 'exited' && status === 'running') entry.turnedAt = startedAt;
  if (entry.presence !== status) entry.stamp += 1;
  entry.presence = status;
  entry.runId = run.runId;
  if (hasEnded(entry.reached)) return;
  seeHealth(entry, run);
  entry.exitCode = run.exitCode;
  entry.error = run.error === undefined ? undefined : cutWords(run.error);
  entry.changedAt = finishedAt ?? startedAt;
}

/** What began is never said to begin again: that is late. */
function seeHealth(entry: TaskEntry, { health }: RunState): void {
  if (health === undefined) return;
  const { condition } = entry;
  const isLate = health === 'starting' && condition?.isTold === true;
  entry.condition = {
    ...condition,
    health: isLate ? condition.health : health,
    isTold: true,
  };
}

/** A task goes from created to exited. Only a start that is younger than its end takes it back: somebody else's. */
function isNews({ presence, turnedAt }: TaskEntry, { status, startedAt, finishedAt }: RunState): boolean {
  if (presence === 'exited' && status === 'running')
    return startedAt !== undefined && startedAt > (turnedAt ?? Number.NEGATIVE_INFINITY);
  if (presence === 'running' && status === 'exited') return (finishedAt ?? Infinity) >= (turnedAt ?? 0);
  return presences.indexOf(status) > presences.indexOf(presence);
}

/** What was asked of the backend was done, as far as nothing else was told meanwhile. */
export function seeDone(entry: TaskEntry, stamp: number, presence: Presence): void {
  if (entry.stamp !== stamp) return;
  entry.presence = presence;
  entry.stamp += 1;
}

/** The backend has nothing of the task any more. How it exited, where that is known, still counts. */
export function seeAbsence(entry: TaskEntry): void {
  if (entry.presence === 'exited' && !hasEnded(entry.reached)) return;
  entry.presence = 'absent';
  entry.stamp += 1;
}

export function statusOf(entry: TaskEntry): TaskStatus & { readonly at: number } {
  const { id, reached, reachedAt: at, message, exitCode, runId } = entry;
  const unready = reached === 'running' ? explainUnready(entry.condition) : undefined;
  const err = unready ?? entry.err;
  if (reached === 'assigned') throw new Error(`nothing is known of task ${id} yet`);
  return {
    id,
    state: reached,
    at,
    ...(message === undefined ? {} : { message }),
    ...(err === undefined ? {} : { err }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(runId === undefined ? {} : { runId }),
    ...(unready === undefined ? {} : { ready: false }),
  };
}
