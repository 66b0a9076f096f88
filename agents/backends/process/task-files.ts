// What is kept of a task on disk, in a directory of its own: the order, who runs it, how it ended, its output.
// The files are the truth: an agent that comes back knows what they say and nothing else.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunState } from '../backend.ts';
import { isAttended, parseRecord, type TaskProcesses } from './proc.ts';

/** The part of an order that a process needs. */
export interface ProcessOrder {
  /** Whose task it is, where that is known. */
  readonly clusterId?: string;
  readonly arguments: readonly string[];
  readonly env: readonly string[];
  /** Where it runs; its own empty directory when left out. */
  readonly dir?: string;
  readonly stopSignal: NodeJS.Signals;
  readonly stopGraceMs: number;
}

/** 128 + SIGKILL: who is gone and left no exit code was killed. */
export const KILLED = 137;
const SAFE_NAME = /^\w[\w.-]*$/;

/** The directory of a task. An id that could lead out of `nodeDirectory` is none. */
export function locateTask(nodeDirectory: string, taskId: string): string {
  if (!SAFE_NAME.test(taskId)) throw new Error(`"${taskId}" is no task id`);
  return path.join(nodeDirectory, taskId);
}

export function locateOutput(directory: string, stream: 'stdout' | 'stderr'): string {
  return path.join(directory, stream);
}

export function locateWork(directory: string): string {
  return path.join(directory, 'work');
}

/** The order is written last and in one step: a task is there as a whole or not at all. */
export function saveOrder(directory: string, order: ProcessOrder): void {
  mkdirSync(locateWork(directory), { recursive: true });
  const file = path.join(directory, 'order.json');
  // The environment may hold what others should not read.
  writeFileSync(`${file}.new`, JSON.stringify(order), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function loadOrder(directory: string): ProcessOrder | undefined {
  const text = readIfAny(path.join(directory, 'order.json'));
  return text === undefined ? undefined : (JSON.parse(text) as ProcessOrder);
}

/** Who runs the task, once it was started. */
export function loadProcesses(directory: string): TaskProcesses | undefined {
  const text = readIfAny(path.join(directory, 'run'));
  return text === undefined ? undefined : parseRecord(text);
}

/** For ends that no wrapper could write down. */
export function saveExit(directory: string, exitCode: number, error?: string): void {
  writeFileSync(path.join(directory, 'exit'), `${exitCode}\n${error ?? ''}`);
}

export function hasExit(directory: string): boolean {
  return loadExit(directory) !== undefined;
}

export function readState(taskId: string, directory: string): RunState | undefined {
  const order = loadOrder(directory);
  if (order === undefined) return undefined;
  const processes = loadProcesses(directory);
  const startedAt = processes && readTime(path.join(directory, 'run'));
  const run = {
    taskId,
    runId: processes?.command ? String(processes.command.pid) : '',
    ...(order.clusterId === undefined ? {} : { clusterId: order.clusterId }),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
  const isRunning = processes !== undefined && isAttended(processes);
  // Looked for after the wrapper: it writes the exit code before it goes.
  const exit = loadExit(directory);
  if (exit !== undefined) {
    const finishedAt = readTime(path.join(directory, 'exit'));
    return { ...run, status: 'exited', ...exit, ...(finishedAt === undefined ? {} : { finishedAt }) };
  }
  if (isRunning) return { ...run, status: 'running' };
  if (processes === undefined) return { ...run, status: 'created' };
  return { ...run, status: 'exited', exitCode: KILLED, error: 'the process is gone and left no exit code' };
}

export function discard(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

function loadExit(directory: string): { exitCode: number; error?: string } | undefined {
  const [code = '', error = ''] = (readIfAny(path.join(directory, 'exit')) ?? '').split('\n');
  // The shell creates the file a moment before it writes to it.
  if (code === '') return undefined;
  return { exitCode: Number(code), ...(error === '' ? {} : { error }) };
}

function readTime(file: string): number | undefined {
  const time = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return time === undefined ? undefined : Math.floor(time);
}

function readIfAny(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
