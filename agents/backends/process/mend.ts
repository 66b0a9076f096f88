// Makes good what was lost of tasks' files, so that one bad file costs what it held and nothing else: what can't be read is
// set aside, and what runs is found among the processes and written down anew.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Logger, readBootId } from '@muster/runtime';
import { listProcesses } from './proc.ts';
import {
  hasExit,
  isTaskId,
  KILLED,
  loadOrder,
  loadProcesses,
  locateOrder,
  locateRecord,
  locateWork,
  type ProcessOrder,
  saveExit,
  saveOrder,
} from './task-files.ts';
import { WRAPPER_NAME } from './wrapper.ts';

/** The stat lines of a task's wrapper, and of its command as soon as that is there. */
export type RunningTask = readonly string[];

/** How to end a task of which nobody knows how it is to be ended. */
const UNKNOWN_ORDER: ProcessOrder = { arguments: [], env: [], stopSignal: 'SIGTERM', stopGraceMs: 10_000 };

/** What runs under wrappers of this directory, whatever the files say. */
export function findRunning(nodeDirectory: string): Map<string, RunningTask> {
  const all = listProcesses();
  const running = new Map<string, RunningTask>();
  const wrappers = all.filter(({ arguments: args }) => {
    const directory = args[4];
    return args[3] === WRAPPER_NAME && directory !== undefined && path.dirname(directory) === nodeDirectory;
  });
  const pids = new Set(wrappers.map(({ pid }) => pid));
  for (const { pid, parent, stat, arguments: args } of wrappers) {
    const taskId = path.basename(args[4]!);
    // A wrapper's child is one like it until it becomes the command.
    if (!isTaskId(taskId) || pids.has(parent)) continue;
    const command = all.find((one) => one.parent === pid && one.leader === one.pid);
    running.set(taskId, command ? [stat, command.stat] : [stat]);
  }
  return running;
}

/** Whether its order is there to be read: most is well then. */
export function isWhole(directory: string): boolean {
  try {
    return loadOrder(directory) !== undefined;
  } catch {
    return false;
  }
}

/** `run`: what runs of it. Must not be asked of a task that is being started. Throws when it can't be done. */
export async function mendTask(
  directory: string,
  run: RunningTask | undefined,
  logger: Logger | undefined,
): Promise<void> {
  const task = path.basename(directory);
  if (!existsSync(directory)) {
    if (run === undefined) return;
    logger?.warn(
      { task },
      'the files of a task that runs are gone: what is known of it is written down anew',
    );
    mkdirSync(locateWork(directory), { recursive: true });
  }
  const isRecordGood = isReadable(locateRecord(directory), () => readRecord(directory), logger);
  if (loadProcesses(directory) === undefined) {
    if (run !== undefined) writeRecord(directory, run);
    else if (!isRecordGood && !hasExit(directory))
      saveExit(directory, KILLED, 'its record could not be read');
  }
  isReadable(locateOrder(directory), () => loadOrder(directory), logger);
  if (loadOrder(directory) !== undefined) return;
  if (loadProcesses(directory) !== undefined || hasExit(directory)) await saveOrder(directory, UNKNOWN_ORDER);
}

/** What can't be read is set aside. */
function isReadable(file: string, read: () => unknown, logger: Logger | undefined): boolean {
  try {
    read();
    return true;
  } catch (error) {
    const aside = `${file}.unreadable`;
    logger?.warn({ file, aside, err: String(error) }, 'a file of a task can not be read: it is set aside');
    renameSync(file, aside);
    return false;
  }
}

function readRecord(directory: string): void {
  if (loadProcesses(directory) === undefined && existsSync(locateRecord(directory)))
    throw new Error('it names no processes');
}

function writeRecord(directory: string, run: RunningTask): void {
  writeFileSync(locateRecord(directory), `${[readBootId(), ...run].join('\n')}\n`);
}
