// What is in hand: intents, tasks, and services of which less runs than is wanted. Pure.
import type { Progress, Status } from '@muster/api';
import type { Finding } from './findings.ts';

/** A verdict that takes longer than this has nobody to give it. */
const SLOW_VERDICT_MS = 5_000;
/** A service that was changed so lately is still on its way. */
const RECENT_CHANGE_MS = 15_000;

export interface Shortfall {
  /** With its team, outside the default one: "payments/web". */
  readonly service: string;
  readonly progress: Pick<Progress, 'replicas' | 'running' | 'completed' | 'err' | 'unschedulable'>;
  /** When its spec was last changed. */
  readonly updatedAt: number;
}

export function checkWork(
  { openIntents, oldestIntent, tasks, unschedulable, halted }: Status,
  now: number,
): Finding[] {
  const findings: Finding[] = [];
  const ageMs = oldestIntent === undefined ? 0 : now - oldestIntent.time;
  if (ageMs > SLOW_VERDICT_MS) {
    findings.push({
      level: 'fail',
      what: 'intents',
      says: `${openIntents} without a verdict; #${oldestIntent!.seq} waits for ${Math.round(ageMs / 1000)} seconds`,
      advice:
        halted === undefined
          ? 'start `muster orchestrator`'
          : 'they are decided once nobody has halted any more',
    });
  } else
    findings.push({
      level: 'ok',
      what: 'intents',
      says: openIntents === 0 ? 'all have a verdict' : `${openIntents} being decided`,
    });
  if ((tasks.new ?? 0) > 0) {
    findings.push({
      level: 'warn',
      what: 'tasks',
      says: `${tasks.new} wait for the allocator`,
      advice: 'if that lasts, start `muster allocator`',
    });
  }
  if ((tasks.pending ?? 0) > 0 && unschedulable.length === 0) {
    findings.push({
      level: 'warn',
      what: 'tasks',
      says: `${tasks.pending} wait for a node`,
      advice: 'if that lasts, start `muster scheduler`',
    });
  }
  const counts = Object.entries(tasks).map(([state, count]) => `${count} ${state}`);
  findings.push({ level: 'ok', what: 'tasks', says: counts.length === 0 ? 'none' : counts.join(', ') });
  return findings;
}

export function checkServices(
  { services, unschedulable }: Status,
  shortfalls: readonly Shortfall[],
  now: number,
): Finding[] {
  if (services === 0) return [{ level: 'ok', what: 'services', says: 'none' }];
  const told = new Set(shortfalls.map(({ service }) => service));
  const short = shortfalls.map((shortfall) => describeShortfall(shortfall, now));
  const others = unschedulable
    .filter(({ service }) => !told.has(service))
    .map(
      ({ service, message }): Finding => ({
        level: 'warn',
        what: 'services',
        says: `${service}: ${message}`,
        advice: `muster service ps ${service}`,
      }),
    );
  if (short.length + others.length > 0) return [...short, ...others];
  return [{ level: 'ok', what: 'services', says: `${services} as they should be` }];
}

function describeShortfall({ service, progress, updatedAt }: Shortfall, now: number): Finding {
  const { replicas, running, completed, err, unschedulable } = progress;
  const why = err ?? unschedulable;
  const ended = completed === 0 ? '' : `, ${completed} completed`;
  const isRecent = now - updatedAt < RECENT_CHANGE_MS;
  // What only waits for a node starts as soon as there is one.
  const isFailing = err !== undefined && err !== unschedulable;
  return {
    level: isFailing && !isRecent ? 'fail' : 'warn',
    what: 'services',
    says: `${service}: ${running} of ${replicas} run${ended}: ${why ?? (isRecent ? 'just changed' : 'on their way')}`,
    advice: `muster service ps ${service}`,
  };
}
