// What the doctor saw, and what it makes of it: each finding with advice. Pure.
import type { Status } from '@muster/api';
import type { StoreReport } from '@muster/log';
import type { ServiceCopy } from '@muster/runtime';
import type { CopyStats } from '@muster/telemetry';
import { countRoles } from '../roles/present-roles.ts';
import { checkAge, checkClocks, checkCopies, checkTrouble, checkVersion } from './check-copies.ts';
import { checkEngines, type NodeEngine } from './check-engines.ts';
import { checkFold, checkLosses } from './check-fold.ts';
import { checkHalt } from './check-halt.ts';
import { checkLeftovers, type KnownNode, type Leftovers } from './check-leftovers.ts';
import { checkNetworks } from './check-networks.ts';
import { checkNodes } from './check-nodes.ts';
import { checkDisk, checkStore, checkWrites } from './check-store.ts';
import { checkServices, checkWork, type Shortfall } from './check-work.ts';
import type { ServerLook } from './look-at-servers.ts';

export type Level = 'ok' | 'warn' | 'fail';

export interface Finding {
  readonly level: Level;
  readonly what: string;
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

export interface Failed {
  readonly error: string;
}

export interface Seen {
  readonly server: { readonly version: string; readonly url: string; readonly roundTripMs: number };
  readonly store: StoreReport | Failed;
  /** What its server says that can't put a file on its disk; undefined where nothing is known of that. */
  readonly diskRefusal: string | undefined;
  /** Of NATS, those that can be reached. */
  readonly servers: readonly ServerLook[];
  readonly head: number | Failed;
  readonly copies: readonly ServiceCopy[];
  /** Of the control plane, and how its copies say that they are. */
  readonly processes: readonly CopyStats[];
  readonly status: Status | Failed;
  /** Agents, and how they say that they are. */
  readonly agents: readonly CopyStats[];
  readonly engines: readonly NodeEngine[];
  /** For how long who answers has not seen what the log took; undefined while it does. */
  readonly outOfSightMs: number | undefined;
  /** Services of which less runs than is wanted. */
  readonly shortfalls: readonly Shortfall[];
  readonly downNodes: readonly {
    readonly hostname: string;
    readonly status: string;
    readonly message: string;
  }[];
  readonly nodes: readonly KnownNode[];
  /** On the machine that doctor runs on. */
  readonly leftovers: Leftovers;
  readonly now: number;
}

export function diagnose(seen: Seen): Finding[] {
  const { version, url, roundTripMs } = seen.server;
  const findings: Finding[] = [
    {
      level: 'ok',
      what: 'NATS',
      says: `nats-server ${version} at ${url}, round trip ${roundTripMs.toFixed(1)} ms`,
    },
    ...checkStore(seen.store, seen.servers),
    ...checkDisk(seen.diskRefusal),
    ...checkAge(seen.outOfSightMs),
  ];
  const isCutOff = 'error' in seen.store || seen.store.streams.some(({ isLeaderless }) => isLeaderless);
  if (typeof seen.head === 'object') {
    findings.push({
      level: 'fail',
      what: 'log',
      says: seen.head.error,
      advice: isCutOff
        ? 'bring the servers of NATS together: what runs goes on meanwhile, and so will everything else by itself'
        : 'start the cluster with `muster up`, or a role',
    });
    return findings;
  }
  findings.push({ level: 'ok', what: 'log', says: `${seen.head} records` });
  findings.push(...checkCopies(seen.copies, seen.processes));
  findings.push(
    ...checkHalt(seen.processes, 'error' in seen.status ? undefined : seen.status),
    ...checkWrites([...seen.processes, ...seen.agents]),
    ...checkTrouble(seen.processes, seen.head),
    ...checkClocks(seen.processes),
    ...checkEngines(seen.engines, seen.agents),
    ...checkNetworks(seen.agents),
  );
  if ('error' in seen.status) {
    const isThere = countRoles(seen.copies, seen.processes).has('api');
    findings.push({
      level: 'fail',
      what: 'api',
      says: seen.status.error,
      advice: isThere
        ? 'one is there and does not answer: look at its log, and at the load of its machine'
        : 'start one or more with `muster api`',
    });
    return findings;
  }
  return [
    ...findings,
    checkVersion(seen.processes, seen.status),
    ...checkFold(seen.status, seen.head),
    ...checkLosses(seen.status, seen.now),
    ...checkWork(seen.status, seen.now),
    ...checkServices(seen.status, seen.shortfalls, seen.now),
    ...checkNodes(seen.status, seen.downNodes),
    ...checkLeftovers(seen.leftovers, seen.status, seen.nodes),
  ];
}
