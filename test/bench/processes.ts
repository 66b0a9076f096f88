// What the kernel says of a process: its processor time and its memory. Linux only.
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's clock ticks a second: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** Seconds of processor time, user and system, that the process has used so far. */
export function readCpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Resident memory, in MB. */
export function readMemory(pid: number): number {
  return readStatus(pid, 'VmRSS');
}

/** The most that was ever resident, in MB. */
export function readPeakMemory(pid: number): number {
  return readStatus(pid, 'VmHWM');
}

/** Each thread has children of its own. */
export function readChildren(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

function readStatus(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
}
