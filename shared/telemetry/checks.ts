// Whether a process is alive, and whether it is ready: every check by name, and in words what is wrong. Pure.
import { ownValue } from '@muster/model';
import { adviseHalt, explainHalt, LATE_AFTER_MS } from '@muster/runtime';
import type { AgentReading, RoleReading } from './observed.ts';

export interface Check {
  readonly check: string;
  /** Which copy of which role it is about; the process when left out. */
  readonly copy?: string;
  readonly ok: boolean;
  readonly says: string;
}

export interface Verdict {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** A copy that is further behind than this is not up to date. */
export const READY_LAG = 1_000;
/** Checks that are listed as failing, at most. */
const MOST_WRONG = 50;

/** Alive: what it began it goes on with. To start it again would not help a copy that waits for NATS or for an upgrade. */
export function judgeLife(readings: readonly RoleReading[]): Verdict {
  return conclude(
    { check: 'event-loop', ok: true, says: 'turns' },
    readings.flatMap((reading) => [
      ...checkFolding(reading),
      // Another start would not help: it is said, and is no reason to end the process.
      ...checkHalt(reading).map((check) => ({ ...check, ok: true })),
      ...checkAgentLife(reading),
    ]),
  );
}

/** Ready: does its work now, on what is in the log now. */
export function judgeReadiness(readings: readonly RoleReading[], started: boolean): Verdict {
  return conclude(
    { check: 'started', ok: started, says: started ? 'yes' : 'is still starting' },
    readings.flatMap((reading) => [
      ...checkConnection(reading),
      ...checkFolding(reading),
      ...checkHalt(reading),
      ...checkCertainty(reading),
      ...checkLag(reading),
      ...checkFollowing(reading),
      ...checkStoring(reading),
      ...checkAgent(reading),
      ...checkNames(reading),
    ]),
  );
}

function conclude(own: Check, checks: readonly Check[]): Verdict {
  const all = [own, ...checks];
  return { ok: all.every(({ ok }) => ok), checks: collapse(all) };
}

/** A process may run a thousand agents: what is well is said once for all of them, what isn't for so many. */
function collapse(checks: readonly Check[]): Check[] {
  const wrong = checks.filter(({ ok }) => !ok).slice(0, MOST_WRONG);
  const well = new Map<string, Check[]>();
  for (const check of checks) {
    if (!check.ok) continue;
    const same = well.get(check.check);
    if (same) same.push(check);
    else well.set(check.check, [check]);
  }
  return [
    ...wrong,
    ...[...well.values()].map(([first, ...others]): Check => {
      if (others.length === 0) return first!;
      return { check: first!.check, ok: true, says: `well in ${others.length + 1} copies` };
    }),
  ];
}

function checkConnection({ copy, connection }: RoleReading): Check[] {
  if (!connection) return [];
  const { connected, server } = connection;
  return [
    { check: 'nats', copy, ok: connected, says: connected ? `connected to ${server}` : 'not connected' },
  ];
}

function checkFolding({ copy, fold }: RoleReading): Check[] {
  if (!fold) return [];
  const { failure, head } = fold;
  const says = failure === undefined ? `folded up to ${head}` : `can't go on: ${failure}`;
  return [{ check: 'fold', copy, ok: failure === undefined, says }];
}

function checkHalt({ copy, fold }: RoleReading): Check[] {
  if (!fold) return [];
  const { halted } = fold;
  const says = halted === undefined ? 'no' : `${explainHalt(halted)}; ${adviseHalt(halted)}`;
  return [{ check: 'halted', copy, ok: halted === undefined, says }];
}

function checkCertainty({ copy, fold }: RoleReading): Check[] {
  if (!fold) return [];
  const says = fold.certain
    ? 'has what was folded'
    : 'is out of sight, or has lost what was folded: nothing is decided';
  return [{ check: 'log-certain', copy, ok: fold.certain, says }];
}

function checkLag({ copy, fold }: RoleReading): Check[] {
  if (!fold || !('logHead' in fold)) return [];
  const { logHead, head } = fold;
  if (logHead === undefined) return [{ check: 'log', copy, ok: false, says: 'the log does not answer' }];
  // What was asked first is older: a few ahead is how a busy log looks.
  const lag = logHead - head;
  if (lag < -READY_LAG)
    return [{ check: 'log', copy, ok: false, says: `${-lag} records ahead of a log that has ${logHead}` }];
  const says = `${Math.max(0, lag)} of ${logHead} records behind`;
  return [{ check: 'log', copy, ok: lag <= READY_LAG, says }];
}

const followed: Readonly<Record<string, string>> = {
  MUSTER_LOG: 'log-followed',
  MUSTER_COMMANDS: 'commands-followed',
  MUSTER_ENDPOINTS: 'endpoints-followed',
};

function checkFollowing({ copy, connection }: RoleReading): Check[] {
  return (connection?.consumers ?? []).map(({ stream, interrupted, restarts, measureLateMs }) => {
    const lateMs = measureLateMs();
    const wrong = interrupted
      ? 'interrupted: is being taken up again'
      : lateMs > LATE_AFTER_MS
        ? `late: what has been stored for ${(lateMs / 1000).toFixed(1)} s has not come yet`
        : undefined;
    const says = wrong ?? `yes, taken up again ${restarts} times`;
    return { check: ownValue(followed, stream) ?? stream, copy, ok: wrong === undefined, says };
  });
}

const stored: Readonly<Record<string, string>> = {
  MUSTER_LOG: 'log-writable',
  MUSTER_COMMANDS: 'commands-writable',
  MUSTER_ENDPOINTS: 'endpoints-writable',
};

function checkStoring({ copy, connection }: RoleReading): Check[] {
  return (connection?.writes ?? []).map(({ stream, refusing }) => ({
    check: ownValue(stored, stream) ?? stream,
    copy,
    ok: refusing === undefined,
    says: refusing === undefined ? 'yes' : `nothing can be stored: ${refusing}`,
  }));
}

function checkAgentLife({ copy, agent }: RoleReading): Check[] {
  if (!agent) return [];
  return [{ check: 'agent', copy, ok: agent.state !== 'ended', says: agent.state }];
}

function describeJoining(state: AgentReading['state'], nodeId: string): string {
  if (state === 'running') return `as node ${nodeId}`;
  return state === 'removed' ? `node ${nodeId} was removed from the cluster` : state;
}

function checkAgent({ copy, agent }: RoleReading): Check[] {
  if (!agent) return [];
  const { state, engineTrouble, cutOff, nodeId } = agent;
  const joined = state === 'running';
  return [
    // First: an agent can't join without.
    { check: 'engine', copy, ok: engineTrouble === undefined, says: engineTrouble ?? 'answers' },
    { check: 'joined', copy, ok: joined, says: describeJoining(state, nodeId) },
    {
      check: 'reports',
      copy,
      ok: !cutOff,
      says: cutOff ? 'the log does not take them: they wait' : 'are stored',
    },
  ];
}

/** It answers from what it read before, which gets old. */
function checkNames({ copy, names }: RoleReading): Check[] {
  if (!names) return [];
  const broken = Object.entries(names.broken).map(([file, why]) => `${file} can not be read: ${why}`);
  const says = broken.length > 0 ? broken.join('; ') : `${names.names} on ${names.networks} networks`;
  return [{ check: 'names', copy, ok: broken.length === 0, says }];
}
