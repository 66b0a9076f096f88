// The processor time and the memory of many processes, added up by what they are for. A process that ends keeps what
// it had used when it was last looked at.
import { readCpuSeconds, readPeakMemory } from './processes.ts';

export interface Usage {
  /** So far, by name: the sum of all processes of the name. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** By name, in MB: the largest of the processes of the name. */
  readonly peakMb: Readonly<Record<string, number>>;
}

export interface Account {
  add(name: string, pid: number): void;
  read(): Usage;
}

interface Entry {
  readonly name: string;
  readonly pid: number;
  cpuSeconds: number;
  peakMb: number;
}

export function openAccount(): Account {
  const entries: Entry[] = [];
  return {
    add(name, pid) {
      entries.push({ name, pid, cpuSeconds: 0, peakMb: 0 });
    },
    read() {
      const cpuSeconds: Record<string, number> = {};
      const peakMb: Record<string, number> = {};
      for (const entry of entries) {
        look(entry);
        cpuSeconds[entry.name] = (cpuSeconds[entry.name] ?? 0) + entry.cpuSeconds;
        peakMb[entry.name] = Math.max(peakMb[entry.name] ?? 0, entry.peakMb);
      }
      return { cpuSeconds, peakMb };
    },
  };
}

/** Processor time by name between two readings, each multiplied by `factor`. */
export function spentBetween(before: Usage, after: Usage, factor = 1): Record<string, number> {
  const spent = Object.entries(after.cpuSeconds).map(([name, seconds]) => [
    name,
    factor * (seconds - (before.cpuSeconds[name] ?? 0)),
  ]);
  return Object.fromEntries(spent);
}

export function sumOf(byName: Readonly<Record<string, number>>): number {
  return Object.values(byName).reduce((sum, value) => sum + value, 0);
}

function look(entry: Entry): void {
  try {
    const [cpuSeconds, peakMb] = [readCpuSeconds(entry.pid), readPeakMemory(entry.pid)];
    // A zombie has no memory any more.
    if (Number.isFinite(peakMb)) Object.assign(entry, { cpuSeconds, peakMb });
  } catch {
    // It has ended.
  }
}
