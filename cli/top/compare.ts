// What two looks at the copies say about the time between them: a row for each copy of each role. Pure.
import { type CopyStats, quantileOf, type RoleStats } from '@muster/telemetry';
import type { Look } from './look.ts';

export interface TopRow {
  readonly role: string;
  readonly copy: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  /** What is wrong; undefined when nothing is. */
  readonly trouble: string | undefined;
  readonly head: number | undefined;
  readonly lag: number | undefined;
  /** Rates and shares of the time between the looks; undefined for a copy seen once. */
  readonly foldsPerSec: number | undefined;
  readonly decisionsPerSec: number | undefined;
  readonly conflictsPerSec: number | undefined;
  /** 99 of 100 appends took less; undefined when there were none. */
  readonly roundTripP99Ms: number | undefined;
  readonly waiting: number;
  /** Of one processor, and of the whole process, as is the memory. */
  readonly cpuShare: number | undefined;
  readonly memoryBytes: number;
}

const order = ['orchestrator', 'allocator', 'scheduler', 'dispatcher', 'api', 'agent'];

export function compareLooks(before: Look | undefined, now: Look): TopRow[] {
  const earlier = indexRoles(before);
  const answered = indexRoles(now);
  const rows: TopRow[] = [];
  for (const [key, seen] of answered) rows.push(describe(seen, earlier.get(key), now.logHead));
  // A copy that stands still is what somebody who looks here is looking for.
  for (const [key, seen] of earlier) if (!answered.has(key)) rows.push(describeSilent(seen));
  return rows.sort(
    (a, b) =>
      order.indexOf(a.role) - order.indexOf(b.role) ||
      compareText(a.host, b.host) ||
      a.pid - b.pid ||
      compareText(a.copy, b.copy),
  );
}

interface SeenRole {
  readonly process: CopyStats;
  readonly role: RoleStats;
}

function indexRoles(look: Look | undefined): Map<string, SeenRole> {
  const roles = new Map<string, SeenRole>();
  for (const process of look?.processes ?? []) {
    for (const role of process.roles)
      roles.set([process.process, role.role, role.copy].join('\n'), { process, role });
  }
  return roles;
}

function describe({ process, role }: SeenRole, earlier: SeenRole | undefined, logHead: number): TopRow {
  const seconds = earlier && (process.uptimeMs - earlier.process.uptimeMs) / 1000;
  const rate = (read: (of: SeenRole) => number) =>
    earlier && seconds! > 0 ? (read({ process, role }) - read(earlier)) / seconds! : undefined;
  const appends = role.appends.map((count, bucket) => count - (earlier?.role.appends[bucket] ?? 0));
  return {
    ...identify({ process, role }),
    trouble: role.trouble,
    lag: role.head === undefined ? undefined : Math.max(0, logHead - role.head),
    foldsPerSec: role.head === undefined ? undefined : rate((of) => of.role.folded),
    decisionsPerSec: rate((of) => of.role.decisions),
    conflictsPerSec: rate((of) => of.role.conflicts),
    roundTripP99Ms: quantileOf(appends, 0.99),
    cpuShare: rate((of) => of.process.cpuMs / 1000),
  };
}

function describeSilent(seen: SeenRole): TopRow {
  return {
    ...identify(seen),
    trouble: 'does not answer',
    lag: undefined,
    foldsPerSec: undefined,
    decisionsPerSec: undefined,
    conflictsPerSec: undefined,
    roundTripP99Ms: undefined,
    cpuShare: undefined,
  };
}

function identify({ process, role }: SeenRole) {
  const { host, pid, version, memoryBytes } = process;
  const waiting = Object.values(role.waiting).reduce((sum, count) => sum + count, 0);
  return { role: role.role, copy: role.copy, host, pid, version, memoryBytes, head: role.head, waiting };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Processes that have not answered this time stay in view for a while: the next look misses them as well. */
export function keepSilent(before: Look, now: Look, forMs: number): Look {
  const heard = new Set(now.processes.map(({ process }) => process));
  const silentSince = new Map<string, number>();
  const silent = before.processes.filter(({ process }) => {
    if (heard.has(process)) return false;
    const since = before.silentSince?.get(process) ?? now.takenAt;
    silentSince.set(process, since);
    return now.takenAt - since < forMs;
  });
  return { ...now, processes: [...now.processes, ...silent], silentSince };
}
