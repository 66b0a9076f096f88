// What the doctor saw, and what it makes of it: each finding with advice. Pure.
import type { Status } from '@muster/api';
import type { StreamReport } from '@muster/log';
import type { ServiceCopy } from '@muster/runtime';
import type { CopyStats } from '@muster/telemetry';
import { compareVersions } from './held-back.ts';

export type Level = 'ok' | 'warn' | 'fail';

export interface Finding {
  readonly level: Level;
  readonly what: string;
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

export interface Seen {
  readonly server: { readonly version: string; readonly url: string; readonly roundTripMs: number };
  readonly streams: readonly StreamReport[] | { readonly error: string };
  readonly head: number | { readonly error: string };
  readonly copies: readonly ServiceCopy[];
  /** Of the control plane, and how its copies say that they are. */
  readonly processes: readonly CopyStats[];
  readonly status: Status | { readonly error: string };
  readonly downNodes: readonly {
    readonly hostname: string;
    readonly status: string;
    readonly message: string;
  }[];
  readonly now: number;
}

/** A verdict that takes longer than this has nobody to give it. */
const SLOW_VERDICT_MS = 5_000;
/** More records behind than this is more than the moment it takes to read them. */
const LAG = 1_000;

export function diagnose(seen: Seen): Finding[] {
  const { version, url, roundTripMs } = seen.server;
  const findings: Finding[] = [
    {
      level: 'ok',
      what: 'NATS',
      says: `nats-server ${version} at ${url}, round trip ${roundTripMs.toFixed(1)} ms`,
    },
    ...checkStreams(seen.streams),
  ];
  if (typeof seen.head === 'object') {
    findings.push({
      level: 'fail',
      what: 'log',
      says: seen.head.error,
      advice: 'start the cluster with `muster up`, or a role',
    });
    return findings;
  }
  findings.push({ level: 'ok', what: 'log', says: `${seen.head} records` });
  if ('error' in seen.status) {
    findings.push({
      level: 'fail',
      what: 'api',
      says: seen.status.error,
      advice: 'start one or more with `muster api`',
    });
    return findings;
  }
  return [
    ...findings,
    ...checkCopies(seen.copies),
    ...checkTrouble(seen.processes),
    checkVersion(seen.processes, seen.status),
    ...checkFold(seen.status, seen.head),
    ...checkLosses(seen.status, seen.now),
    ...checkWork(seen.status, seen.now),
    ...checkNodes(seen.status, seen.downNodes),
  ];
}

function checkStreams(streams: Seen['streams']): Finding[] {
  if ('error' in streams) {
    return [
      {
        level: 'fail',
        what: 'streams',
        says: streams.error,
        advice: 'run nats-server with JetStream (-js); of several, more than half must be up',
      },
    ];
  }
  const missing = streams.filter(({ mismatches }) => mismatches === undefined).map(({ name }) => name);
  const wrong = streams.flatMap(({ name, mismatches = [] }) =>
    mismatches.map(
      ({ setting, expected, found }): Finding => ({
        level: 'fail',
        what: 'streams',
        says: `${name}: ${setting} is ${JSON.stringify(found)} and must be ${JSON.stringify(expected)}`,
        advice:
          'muster never changes a stream that exists: change it with `nats stream edit`, or use another NATS account',
      }),
    ),
  );
  if (missing.length > 0) {
    const says = `there is no ${missing.join(', ')}`;
    return [
      ...wrong,
      {
        level: 'fail',
        what: 'streams',
        says,
        advice: 'any role makes them: start `muster up`, or `muster orchestrator`',
      },
    ];
  }
  if (wrong.length > 0) return wrong;
  return [
    {
      level: 'ok',
      what: 'streams',
      says: `${streams.map(({ name }) => name).join(', ')} are as they must be`,
    },
  ];
}

function checkCopies(copies: readonly ServiceCopy[]): Finding[] {
  const byName = new Map<string, number>();
  for (const { name } of copies)
    if (name.startsWith('muster-')) byName.set(name, (byName.get(name) ?? 0) + 1);
  const listed = [...byName].sort().map(([name, count]) => `${name.slice('muster-'.length)} ${count}`);
  if (listed.length === 0)
    return [{ level: 'ok', what: 'copies', says: 'the API answers; no copy can be discovered' }];
  return [{ level: 'ok', what: 'copies', says: listed.join(', ') }];
}

function checkTrouble(processes: readonly CopyStats[]): Finding[] {
  return processes.flatMap(({ host, roles }) =>
    roles.flatMap(({ copy, trouble }): Finding[] =>
      trouble === undefined
        ? []
        : [
            {
              level: 'warn',
              what: 'copies',
              says: `${copy} on ${host} is not ready: ${trouble}`,
              advice: 'look at its log, and at `/readyz` if it has one',
            },
          ],
    ),
  );
}

function checkVersion(processes: readonly CopyStats[], status: Status): Finding {
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

function checkFold({ head: folded, halted, conflicts, openPoison }: Status, head: number): Finding[] {
  const lag = Math.max(0, head - folded);
  const findings: Finding[] = [
    lag > LAG
      ? {
          level: 'warn',
          what: 'lag',
          says: `the API is ${lag} records behind the log`,
          advice: 'wait; if it grows, look at the load of its machine',
        }
      : {
          level: 'ok',
          what: 'lag',
          says: `the API has folded ${folded} of ${head} records; ${conflicts} decisions came second`,
        },
  ];
  if (halted !== undefined) {
    findings.push({
      level: 'fail',
      what: 'halted',
      says: halted,
      advice: 'a newer version of muster is at work here: upgrade every copy to it',
    });
  }
  if (openPoison > 0) {
    findings.push({
      level: 'warn',
      what: 'records',
      says: `${openPoison} invalid records wait to be quarantined`,
      advice: 'an orchestrator does that: is one running?',
    });
  }
  return findings;
}

/** A loss is no news any more after a day. */
const RECENT_MS = 24 * 3600_000;
/** Intents named, at most. */
const MOST_NAMED = 20;

function checkLosses({ losses }: Status, now: number): Finding[] {
  return losses
    .filter(({ time }) => now - time < RECENT_MS)
    .map(({ time, after, to, intents, omitted }): Finding => {
      const count = intents.length + omitted;
      const named = intents.slice(0, MOST_NAMED).map(({ seq, subject }) => `#${seq} ${subject}`);
      const others = count > named.length ? [`${count - named.length} more`] : [];
      const from = after === 0 ? '' : ` after #${after}`;
      return {
        level: 'warn',
        what: 'lost',
        says: `the log had lost what was read of it${from} up to #${to}, found at ${new Date(time).toISOString()}; intents that are gone: ${[...named, ...others].join(', ') || 'none that is known'}`,
        advice:
          'a NATS server came back with an older store: ask for what is gone again, and see that every server keeps its disk (`sync_interval: always`)',
      };
    });
}

function checkWork({ openIntents, oldestIntent, tasks, unschedulable }: Status, now: number): Finding[] {
  const findings: Finding[] = [];
  const ageMs = oldestIntent === undefined ? 0 : now - oldestIntent.time;
  if (ageMs > SLOW_VERDICT_MS) {
    findings.push({
      level: 'fail',
      what: 'intents',
      says: `${openIntents} without a verdict; #${oldestIntent!.seq} waits for ${Math.round(ageMs / 1000)} seconds`,
      advice: 'start `muster orchestrator`',
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
  for (const { service, message } of unschedulable) {
    findings.push({
      level: 'warn',
      what: 'tasks',
      says: `${service}: ${message}`,
      advice: 'add nodes, or ask for less: `muster service inspect --pretty`',
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

function checkNodes({ nodes }: Status, down: Seen['downNodes']): Finding[] {
  const ready = nodes.ready ?? 0;
  const total = Object.values(nodes).reduce((sum, count) => sum + count, 0);
  if (total === 0) {
    return [
      {
        level: 'fail',
        what: 'nodes',
        says: 'there is none',
        advice: 'start `muster agent` on a machine that is to run tasks',
      },
    ];
  }
  const level = ready === 0 ? 'fail' : ready < total ? 'warn' : 'ok';
  return [
    { level, what: 'nodes', says: `${ready} of ${total} ready` },
    ...down.map(
      ({ hostname, status, message }): Finding => ({
        level: 'warn',
        what: 'nodes',
        says: `${hostname} is ${status}${message === '' ? '' : `: ${message}`}`,
        advice: 'is `muster agent` running there, and does it reach NATS? Is a dispatcher running?',
      }),
    ),
  ];
}
