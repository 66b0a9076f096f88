// Looks at copies, for tests.
import type { CopyStats, RoleStats } from '@muster/telemetry';
import type { Look } from './look.ts';

export function makeRole(role: Partial<RoleStats> = {}): RoleStats {
  return {
    role: 'scheduler',
    copy: 'scheduler-7',
    head: 100,
    folded: 50,
    decisions: 10,
    conflicts: 1,
    failures: 0,
    appends: new Array<number>(17).fill(0),
    waiting: { services: 2, nodes: 1 },
    ...role,
  };
}

export function makeProcess(roles: readonly RoleStats[], process: Partial<CopyStats> = {}): CopyStats {
  return {
    process: 'p1',
    host: 'alpha',
    pid: 7,
    version: '0.1.0',
    uptimeMs: 10_000,
    cpuMs: 500,
    memoryBytes: 64 * 1024 * 1024,
    roles: [...roles],
    ...process,
  };
}

export function makeLook(processes: readonly CopyStats[], look: Partial<Look> = {}): Look {
  return { logHead: 100, takenAt: 0, processes, status: undefined, ...look };
}
