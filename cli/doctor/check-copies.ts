// Whether every role is there, well and level with the log. Pure.
import type { Status } from '@muster/api';
import type { ServiceCopy } from '@muster/runtime';
import { type CopyStats, READY_LAG } from '@muster/telemetry';
import { countRoles, standstill } from '../roles/present-roles.ts';
import { controlRoles } from '../roles/start-role.ts';
import type { Finding } from './findings.ts';
import { compareVersions } from './held-back.ts';

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

/** What follows of services and nodes was told by one who does not know better. */
export function checkAge(outOfSightMs: number | undefined): Finding[] {
  if (outOfSightMs === undefined) return [];
  return [
    {
      level: 'warn',
      what: 'age',
      says: `the API that answers has not seen what the log took in the last ${Math.ceil(outOfSightMs / 1000)} s: what it tells of services and nodes may be as old`,
      advice:
        'bring the servers of NATS together, or ask through another with --nats: copies that run find the log again by themselves',
    },
  ];
}

export function checkTrouble(processes: readonly CopyStats[], head: number): Finding[] {
  return processes.flatMap(({ host, roles }) =>
    roles.flatMap(({ copy, trouble, halted, head: folded = head }): Finding[] => {
      // Said once for all of them.
      if (trouble !== undefined && halted === undefined)
        return [
          {
            level: 'warn',
            what: 'copies',
            says: `${copy} on ${host} is not ready: ${trouble}`,
            advice: 'look at its log, and at `/readyz` if it has one',
          },
        ];
      if (head - folded <= READY_LAG) return [];
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
