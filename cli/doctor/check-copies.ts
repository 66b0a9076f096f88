// Whether every role is there, well and level with the log. Pure.
import type { Status } from '@muster/api';
import type { ServiceCopy } from '@muster/runtime';
import type { CopyStats } from '@muster/telemetry';
import { type ControlRole, controlRoles } from '../roles/start-role.ts';
import type { Finding } from './findings.ts';
import { compareVersions } from './held-back.ts';

/** More records behind than this is more than the moment it takes to read them. */
export const LAG = 1_000;

/** What stands still without one. */
const standstill: Readonly<Record<ControlRole, string>> = {
  orchestrator: 'nothing that is asked for gets a verdict, and nothing that ends is replaced',
  allocator: 'new services get no ports, and their tasks no nodes',
  scheduler: 'new tasks get no nodes',
  dispatcher: 'nodes are told nothing, and nobody notices when one is gone',
  api: 'nobody answers questions',
};

export function checkCopies(copies: readonly ServiceCopy[], processes: readonly CopyStats[]): Finding[] {
  const counts = countRoles(copies, processes);
  if (counts.size === 0)
    return [
      {
        level: 'warn',
        what: 'copies',
        says: 'none can be discovered',
        advice: 'may this NATS user publish on $SRV.> and muster.stats.>?',
      },
    ];
  const listed = [...counts].sort().map(([role, count]) => `${role} ${count}`);
  return [
    { level: 'ok', what: 'copies', says: listed.join(', ') },
    ...controlRoles
      .filter((role) => !counts.has(role))
      .map(
        (role): Finding => ({
          level: 'fail',
          what: 'copies',
          says: `there is no ${role}: ${standstill[role]}`,
          advice: `start \`muster ${role}\``,
        }),
      ),
  ];
}

/** One that answers in either way is there. */
function countRoles(copies: readonly ServiceCopy[], processes: readonly CopyStats[]): Map<string, number> {
  const found = countEach(
    copies.filter(({ name }) => name.startsWith('muster-')).map(({ name }) => name.slice('muster-'.length)),
  );
  const told = countEach(processes.flatMap(({ roles }) => roles.map(({ role }) => role)));
  for (const [role, count] of told)
    if (role !== 'agent') found.set(role, Math.max(found.get(role) ?? 0, count));
  return found;
}

function countEach(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

export function checkTrouble(processes: readonly CopyStats[], head: number): Finding[] {
  return processes.flatMap(({ host, roles }) =>
    roles.flatMap(({ copy, trouble, head: folded = head }): Finding[] => {
      if (trouble !== undefined)
        return [
          {
            level: 'warn',
            what: 'copies',
            says: `${copy} on ${host} is not ready: ${trouble}`,
            advice: 'look at its log, and at `/readyz` if it has one',
          },
        ];
      if (head - folded <= LAG) return [];
      return [
        {
          level: 'warn',
          what: 'lag',
          says: `${copy} on ${host} is ${head - folded} records behind the log`,
          advice: 'wait; if it grows, look at the load of its machine, and start it again',
        },
      ];
    }),
  );
}

/** Less is how clocks are. */
const CLOCKS_DIFFER_MS = 2_000;

/** Nothing is decided by them; but what people read in its log, and of its containers, is of another time. */
export function checkClocks(processes: readonly CopyStats[]): Finding[] {
  return processes.flatMap(({ host, roles }) => {
    const [role] = roles.filter(({ clockAheadMs = 0 }) => Math.abs(clockAheadMs) > CLOCKS_DIFFER_MS);
    const [leapt] = roles.filter(({ logLeapMs = 0 }) => logLeapMs !== 0);
    return [
      ...(role === undefined
        ? []
        : [
            warnOfClock(
              `the clock of ${host} is ${describeGap(role.clockAheadMs!)} the log's; what is decided there goes by the log's`,
              'set the clock of that machine, by NTP best',
            ),
          ]),
      ...(leapt === undefined
        ? []
        : [
            warnOfClock(
              `the clock of the NATS server that leads the log has leapt, and is ${describeGap(leapt.logLeapMs!)} what ${leapt.copy} on ${host} goes by`,
              'set the clock of that server: it is believed when it stays so for half a minute',
            ),
          ]),
    ];
  });
}

function warnOfClock(says: string, advice: string): Finding {
  return { level: 'warn', what: 'clocks', says, advice };
}

function describeGap(aheadMs: number): string {
  return `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
}

export function checkVersion(processes: readonly CopyStats[], status: Status): Finding {
  const { cluster, next, heldBackBy } = compareVersions(processes, status);
  const says = `the cluster is at wire version ${cluster}`;
  if (heldBackBy.length === 0) return { level: 'ok', what: 'version', says };
  return {
    level: 'warn',
    what: 'version',
    says: `${says}; for version ${next} these are too old: ${heldBackBy.join(', ')}`,
    advice: 'upgrade them: what needs the version is refused until then, and the rest works',
  };
}
