// Processes by pid and by birth, from /proc: a pid alone may be another process by now. Linux only.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { findProcess, type ProcessId, parseStat, readBootId } from '@muster/runtime';

const REAPING_POLL_MS = 5;
const REAPING_LIMIT_MS = 1_000;

/** Who runs a task, as its wrapper recorded it. */
export interface TaskProcesses {
  readonly bootId: string;
  readonly wrapper: ProcessId;
  /** The command, leader of its group; missing for the moment in which it is being started. */
  readonly command: ProcessId | undefined;
}

/** Lines: the boot's id, then the stat line of the wrapper, then the command's. */
export function parseRecord(text: string): TaskProcesses | undefined {
  const [bootId, ...stats] = text.split('\n');
  const [wrapper, command] = stats.slice(0, -1).map(parseStat);
  return bootId && wrapper ? { bootId, wrapper, command } : undefined;
}

/** Whether there is still somebody to write down how the task ends. */
export function isAttended({ bootId, wrapper }: TaskProcesses): boolean {
  if (readBootId() !== bootId) return false;
  const found = findProcess(wrapper.pid);
  // A zombie has ended; its parent has just not looked yet.
  return found?.startTicks === wrapper.startTicks && found.state !== 'Z' && found.state !== 'X';
}

/** Sends a signal to the command and everything in its group. Nothing else ever gets it. */
export function signalTask({ bootId, wrapper, command }: TaskProcesses, signal: NodeJS.Signals): void {
  if (readBootId() !== bootId) return;
  // No command yet: with the wrapper's group there will be none.
  if (command === undefined) sendToGroup(wrapper, 'SIGKILL');
  else sendToGroup(command, signal);
}

/** Kills all of a task, and waits for it to be gone; not for ever: nobody may be there to reap the dead. */
export async function killTask(processes: TaskProcesses): Promise<void> {
  signalTask(processes, 'SIGKILL');
  const { command } = processes;
  for (let waited = 0; command && isGroup(command) && waited < REAPING_LIMIT_MS; waited += REAPING_POLL_MS) {
    await delay(REAPING_POLL_MS);
  }
}

/**
 * A group's number is given to no other process while anybody is in the group, its leader or not. So where a
 * process has the leader's pid and another birth, ours are all gone. False when nobody got the signal.
 */
function sendToGroup({ pid, startTicks }: ProcessId, signal: NodeJS.Signals | 0): boolean {
  const leader = findProcess(pid);
  if (leader !== undefined && leader.startTicks !== startTicks) return false;
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

function isGroup(leader: ProcessId): boolean {
  return sendToGroup(leader, 0);
}

/** A process as the system lists it. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  /** Of its group. */
  readonly leader: number;
  /** Its line of /proc/<pid>/stat. */
  readonly stat: string;
  readonly arguments: readonly string[];
}

/** Everything that runs, but for what ends meanwhile. */
export function listProcesses(): ListedProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8').trim();
      const [, parent, leader] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
      return [{ pid: Number(name), parent: Number(parent), leader: Number(leader), stat, arguments: args }];
    } catch {
      return [];
    }
  });
}
