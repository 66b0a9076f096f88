// Processes by pid and by birth, from /proc: a pid alone may be another process by now. Linux only.
import { readFileSync } from 'node:fs';

/** A process that no other one since the machine started can be mistaken for. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/<pid>/stat. */
  readonly startTicks: string;
}

export interface ProcessStat extends ProcessId {
  /** Z and X have ended. */
  readonly state: string;
}

/** A line of /proc/<pid>/stat. Its second field is in parentheses and may hold anything. */
export function parseStat(line: string): ProcessStat | undefined {
  const pid = Number.parseInt(line, 10);
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return pid > 1 && state && startTicks ? { pid, state, startTicks } : undefined;
}

export function findProcess(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
