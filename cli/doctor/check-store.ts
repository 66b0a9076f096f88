// The streams, the servers that hold them, and how full they are. Pure.
import { LOG_STREAM, type StoreReport, type StreamReport } from '@muster/log';
import { formatMemory } from '@muster/model';
import type { CopyStats } from '@muster/telemetry';
import type { Failed, Finding } from './findings.ts';
import type { ServerLook } from './look-at-servers.ts';

/** Found by copies that had something to store: no limit tells of a disk. */
export function checkWrites(copies: readonly CopyStats[]): Finding[] {
  const told = copies.flatMap(({ roles }) => roles.flatMap(({ full = [] }) => full));
  const reasons = new Map(told.map(({ stream, why }) => [stream, why]));
  return [...reasons].map(([stream, why]) => ({
    level: 'fail',
    what: 'store',
    says: `nothing can be stored in ${stream}: ${why}`,
    advice:
      'what runs goes on, and what is to be stored waits: all of it goes on by itself once there is room',
  }));
}

/** Though nobody may have had anything to store yet: the first would be the one to find it out. */
export function checkDisk(refusal: string | undefined): Finding[] {
  if (refusal === undefined) return [];
  return [
    {
      level: 'fail',
      what: 'store',
      says: `nats-server can't put a file on its disk: ${refusal}`,
      advice:
        'make room there: once something could not be stored, that server has to be started again as well',
    },
  ];
}

export function checkStore(store: StoreReport | Failed, servers: readonly ServerLook[]): Finding[] {
  if ('error' in store) {
    return [
      {
        level: 'fail',
        what: 'streams',
        says: store.error,
        advice: 'run nats-server with JetStream (-js); of several, more than half must be up',
      },
    ];
  }
  const { streams } = store;
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
  if (missing.includes(LOG_STREAM) && missing.length < streams.length) return [...wrong, logIsGone(streams)];
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
  const leaderless = streams.filter(({ isLeaderless }) => isLeaderless).map(({ name }) => name);
  if (leaderless.length > 0) return [hasNoLeader(leaderless, servers)];
  return [
    {
      level: 'ok',
      what: 'streams',
      says: `${streams.map(({ name }) => name).join(', ')} are as they must be`,
    },
    ...checkServers(streams, servers),
    ...checkMajority(streams),
    ...checkRoom(store),
  ];
}

/** Made first, and never by muster where anything of it is left. */
function logIsGone(streams: readonly StreamReport[]): Finding {
  const left = streams.filter(({ mismatches }) => mismatches !== undefined).map(({ name }) => name);
  return {
    level: 'fail',
    what: 'streams',
    says: `the log is gone: there is no ${LOG_STREAM}, and ${left.join(', ')} still ${left.length === 1 ? 'is' : 'are'} there. What runs goes on, and nothing is decided`,
    advice: `bring it back from a backup (\`nats stream restore\`): copies that run find it again by themselves. To begin with an empty one, end every copy and delete ${left.join(' and ')} first`,
  };
}

/** A copy that goes on says so every second. */
const STOPPED_AFTER_MS = 3_000;
const AFTER_A_FULL_DISK =
  'see that its disk has room, and start that nats-server again: after a full disk it does not go on by itself';

/** More records than a server is behind for a moment. */
const SERVER_LAG = 1_000;

/** What more than half of its servers don't store is not stored: who leads may not have found out yet. */
function checkMajority(streams: readonly StreamReport[]): Finding[] {
  const short = streams.filter(
    ({ followers }) => 2 * followers.filter(isNotStoring).length > followers.length,
  );
  if (short.length === 0) return [];
  return [
    {
      level: 'fail',
      what: 'store',
      says: `nothing can be stored in ${short.map(({ name }) => name).join(', ')}: most of the servers that hold it don't store`,
      advice: 'bring them back, with room on their disks: more than half must store',
    },
  ];
}

function isNotStoring({ isOffline, lag, silentMs = 0 }: StreamReport['followers'][number]): boolean {
  return isOffline || (lag > 0 && silentMs > STOPPED_AFTER_MS);
}

/** By server: one that is away is away from all that it holds. */
function checkServers(streams: readonly StreamReport[], servers: readonly ServerLook[]): Finding[] {
  const away = new Map<string, string[]>();
  const stopped = new Map<string, string[]>();
  const behind: Finding[] = [];
  for (const { name: stream, followers } of streams) {
    for (const follower of followers) {
      const { name, isOffline, lag } = follower;
      if (isOffline) away.set(name, [...(away.get(name) ?? []), stream]);
      else if (isNotStoring(follower)) stopped.set(name, [...(stopped.get(name) ?? []), stream]);
      else if (lag > SERVER_LAG)
        behind.push({
          level: 'warn',
          what: 'servers',
          says: `${name} is ${lag} records of ${stream} behind`,
          advice: 'wait; if it grows, look at the network and the disk of that server',
        });
    }
  }
  const isOff = (name: string) => servers.some((look) => look.name === name && !look.hasJetStream);
  return [
    ...[...away].map(
      ([name, held]): Finding => ({
        level: 'warn',
        what: 'servers',
        ...(isOff(name)
          ? {
              says: `${name} runs, and JetStream is off there; it holds copies of ${held.join(', ')}`,
              advice: AFTER_A_FULL_DISK,
            }
          : {
              says: `${name} is offline, and holds copies of ${held.join(', ')}`,
              advice: 'bring it back: until then one more server that goes may be one too many',
            }),
      }),
    ),
    ...[...stopped].map(
      ([name, held]): Finding => ({
        level: 'warn',
        what: 'servers',
        says: `${name} runs, and has stopped storing ${held.join(', ')}`,
        advice: AFTER_A_FULL_DISK,
      }),
    ),
    ...behind,
  ];
}

function hasNoLeader(streams: readonly string[], [asked]: readonly ServerLook[]): Finding {
  return {
    level: 'fail',
    what: 'streams',
    says: `nobody leads ${streams.join(', ')}: nothing can be written, and what ${asked?.name || 'this server'} tells may be old`,
    advice:
      'more than half of the servers that hold them must reach one another: bring them back, or ask through another with --nats, as this one may be cut off',
  };
}

const NEARLY_FULL = 0.8;
const FULL = 0.98;

/** Limits that are set. What is left on the disks of the servers they don't say. */
function checkRoom({ streams, bytes, maxBytes }: StoreReport): Finding[] {
  const places = [...streams, { name: 'the account', bytes, maxBytes }];
  const findings = places.flatMap((place): Finding[] => {
    const { name, bytes: used, maxBytes: room } = place;
    if (room === undefined || used < room * NEARLY_FULL) return [];
    const says = `${name} holds ${formatMemory(used)} of ${formatMemory(room)}`;
    return used < room * FULL
      ? [{ level: 'warn', what: 'store', says, advice: 'raise the limit before it is reached' }]
      : [{ level: 'fail', what: 'store', says, advice: 'raise the limit: nothing can be written any more' }];
  });
  return findings.length > 0
    ? findings
    : [{ level: 'ok', what: 'store', says: `${formatMemory(bytes)} in files` }];
}
