// What is kept of a task on disk, in a directory of its own: the order, who runs it, how it ended, its output.
// The files are the truth: an agent that comes back knows what they say, and what runs.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFile, syncToDisk } from '@muster/runtime';
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

/** What could lead out of the node's directory is none. */
export function isTaskId(name: string): boolean {
  return SAFE_NAME.test(name);
}

export function locateTask(nodeDirectory: string, taskId: string): string {
  if (!isTaskId(taskId)) throw new Error(`"${taskId}" is no task id`);
  return path.join(nodeDirectory, taskId);
}

export function locateOutput(directory: string, stream: 'stdout' | 'stderr'): string {
  return path.join(directory, stream);
}

/** What the wrapper runs, for the shell to read. */
export function locateCommand(directory: string): string {
  return path.join(directory, 'command');
}

export function locateWork(directory: string): string {
  return path.join(directory, 'work');
}

export function locateOrder(directory: string): string {
  return path.join(directory, 'order.json');
}

/** Who runs the task: the boot's id, then the stat lines of its wrapper and of its command. */
export function locateRecord(directory: string): string {
  return path.join(directory, 'run');
}

function locateExit(directory: string): string {
  return path.join(directory, 'exit');
}

/** The order is written last and in one step: a task is there as a whole or not at all. */
export async function saveOrder(directory: string, order: ProcessOrder): Promise<void> {
  mkdirSync(locateWork(directory), { recursive: true });
  // The environment may hold what others should not read.
  await replaceFile(locateOrder(directory), JSON.stringify(order), { mode: 0o600 });
  await syncToDisk(path.dirname(directory));
}

export function loadOrder(directory: string): ProcessOrder | undefined {
  const text = readIfAny(locateOrder(directory));
  if (text === undefined) return undefined;
  const order = JSON.parse(text) as Partial<ProcessOrder> | null;
  if (!Array.isArray(order?.arguments) || !Array.isArray(order.env)) throw new Error('it holds no order');
  return order as ProcessOrder;
}

/** That it was started must outlast the machine: it is not to be started once more. */
export async function keepRecord(directory: string): Promise<void> {
  await syncToDisk(locateRecord(directory));
  await syncToDisk(directory);
}

/** How it ended, likewise. */
export async function keepExit(directory: string): Promise<void> {
  await syncToDisk(locateExit(directory));
  await syncToDisk(directory);
}

/** Who runs the task, once it was started. */
export function loadProcesses(directory: string): TaskProcesses | undefined {
  const text = readIfAny(locateRecord(directory));
  return text === undefined ? undefined : parseRecord(text);
}

/** For ends that no wrapper could write down. */
export function saveExit(directory: string, exitCode: number, error?: string): void {
  writeFileSync(locateExit(directory), `${exitCode}\n${error ?? ''}`);
}

export function hasExit(directory: string): boolean {
  return loadExit(directory) !== undefined;
}

export function readState(taskId: string, directory: string): RunState | undefined {
  const order = loadOrder(directory);
  if (order === undefined) return undefined;
  const processes = loadProcesses(directory);
  const startedAt = processes && readTime(locateRecord(directory));
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
    const finishedAt = readTime(locateExit(directory));
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
  const [code = '', error = ''] = (readIfAny(locateExit(directory)) ?? '').split('\n');
  // The shell creates the file a moment before it writes to it.
  if (code === '') return undefined;
  if (!/^\d{1,3}$/.test(code)) return { exitCode: KILLED, error: 'its exit code can not be read' };
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
