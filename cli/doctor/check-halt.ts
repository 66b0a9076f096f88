// Which copies have halted, on which record, and what to do about it. Pure.
import type { Status } from '@muster/api';
import { adviseHalt, explainHalt } from '@muster/runtime';
import type { Halt } from '@muster/state';
import type { CopyStats, RoleStats } from '@muster/telemetry';
import type { Finding } from './findings.ts';

type Told = RoleStats & { readonly host: string };

export function checkHalt(processes: readonly CopyStats[], status: Status | undefined): Finding[] {
  const copies = listDeciding(processes);
  const halted = copies.filter((copy) => copy.halted !== undefined);
  const halt = findHalt(halted) ?? (status && haltOf(status));
  if (!halt) return [];
  const all = halted.length === copies.length;
  const who = halted.length === 0 ? 'the API has' : all ? 'the cluster has' : listNames(halted);
  return [
    {
      // The others do its work.
      level: all ? 'fail' : 'warn',
      what: 'halted',
      says: `${who} ${explainHalt(halt)}`,
      advice: adviseHalt(halt),
    },
  ];
}

/** Why none of these roles decides anything, if that is so: all copies of one have halted. */
export function findStandstill(
  processes: readonly CopyStats[],
  roles: readonly string[],
): { readonly role: string; readonly halt: Halt } | undefined {
  const copies = listDeciding(processes);
  for (const role of roles) {
    const own = copies.filter((copy) => copy.role === role);
    const halt = own.every((copy) => copy.halted !== undefined) ? findHalt(own) : undefined;
    if (halt) return { role, halt };
  }
  return undefined;
}

function listDeciding(processes: readonly CopyStats[]): Told[] {
  return processes.flatMap(({ host, roles }) =>
    roles.filter(({ role }) => role !== 'agent').map((role) => ({ ...role, host })),
  );
}

/** The lowest is the one that the others may follow from. */
function findHalt(copies: readonly RoleStats[]): Halt | undefined {
  const halts = copies.flatMap(({ halted }) => (halted ? [halted] : []));
  return halts.sort((a, b) => (a.record?.seq ?? 0) - (b.record?.seq ?? 0))[0];
}

/** Of the API's own copy. */
export function haltOf({ halted, haltedOn }: Status): Halt | undefined {
  return halted === undefined ? undefined : { reason: halted, record: haltedOn };
}

function listNames(copies: readonly Told[]): string {
  const names = copies.map(({ copy, host }) => `${copy} on ${host}`);
  return `${names.join(', ')} ${names.length === 1 ? 'has' : 'have'}`;
}
