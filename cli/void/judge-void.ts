// Whether a record may be declared void: only what keeps somebody from going on, or is no event at all. What everybody
// understands has been decided on. Pure.
import { type Fact, WIRE_VERSION } from '@muster/events';
import type { CopyStats, RoleStats } from '@muster/telemetry';

export interface Candidate {
  /** As this program reads it, at the version that the cluster had there. */
  readonly fact: Fact;
  /** Whether anybody may say so at all. */
  readonly mayBeVoided: boolean;
  readonly processes: readonly CopyStats[];
}

export type Judgement =
  /** `because`: what is wrong with it. `understoodBy`: who has gone on past it. */
  | { readonly ok: true; readonly because: string; readonly understoodBy: readonly string[] }
  | { readonly ok: false; readonly message: string };

export function judgeVoid({ fact, mayBeVoided, processes }: Candidate): Judgement {
  const { seq } = fact;
  if (!mayBeVoided) return { ok: false, message: `record ${seq} can't be void: ${describeKept(fact)}` };
  const copies = processes.flatMap(({ host, roles }) =>
    roles.filter(({ role }) => role !== 'agent').map((role) => ({ ...role, host })),
  );
  const halted = copies.find((copy) => haltsOn(copy, seq))?.halted?.reason;
  if (fact.is === 'poison') return { ok: true, because: fact.reason, understoodBy: [] };
  const because = halted ?? haltOf(fact);
  if (because === undefined)
    return {
      ok: false,
      message: `record ${seq} is understood by everybody, and what was decided since follows from it: only a record that halts a copy, or is no event, can be void`,
    };
  const understanding = copies.filter(({ head = 0, halted }) => halted === undefined && head >= seq);
  return { ok: true, because, understoodBy: understanding.map(({ copy, host }) => `${copy} on ${host}`) };
}

function haltsOn({ halted }: RoleStats, seq: number): boolean {
  return halted?.record?.seq === seq;
}

function haltOf(fact: Fact): string | undefined {
  if (fact.is === 'unknown') return fact.reason;
  if (fact.is !== 'event' || fact.event.type !== 'cluster.version_raised') return undefined;
  const { version } = fact.event;
  return version > WIRE_VERSION
    ? `it raises the cluster to version ${version}, and this program knows ${WIRE_VERSION} at most`
    : undefined;
}

function describeKept(fact: Fact): string {
  if (fact.is === 'intent') return 'it is an intent, which is answered';
  if (fact.is === 'event' && fact.event.type === 'cluster.created')
    return 'it says whose log this is, and all ids follow from it';
  return 'it declares a record void itself, which stands for ever';
}
