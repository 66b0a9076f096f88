// When the cluster's wire version is raised: once every copy that there is, and every node that is not down, has said
// that it reads the next one. What copies say is hearsay (roll-call.ts): the worst that an invented one does is to delay it.
import { CLUSTER_SUBJECT, FIRST_WIRE_VERSION } from '@muster/events';
import type { Decision, HeardOf } from '@muster/runtime';
import { type ClusterState, lastSeqOf } from '@muster/state';
import { GLANCE_MS, LISTEN_MS, type Present, startRollCall } from './roll-call.ts';

/** Whoever folds the log. The cluster does not work without any of them. */
const ROLES = ['orchestrator', 'allocator', 'scheduler', 'dispatcher', 'api'] as const;
const LOOK_EVERY_MS = 1_000;
/** A new cluster is to be of use at once. */
const LOOK_AT_NEW_EVERY_MS = 200;
/** Of those that hold it back, listed at most. */
const MAX_LISTED = 10;

/** What keeps the version from being raised. */
export interface Obstacles {
  readonly version: number;
  /** Roles of which nobody was heard; all of them while we have not listened for long enough. */
  readonly unheard: readonly string[];
  readonly copies: readonly Present[];
  readonly nodes: readonly { readonly hostname: string; readonly reads: number }[];
}

export interface VersionRaising {
  hear(heard: HeardOf, now: number): void;
  decide(state: ClusterState, now: number): Decision[];
  nextWake(): number | undefined;
  /** Undefined when there is nothing to raise. */
  obstacles(state: ClusterState, now: number): Obstacles | undefined;
}

/** `newest` is what this build reads: it never raises the version beyond it. */
export function raiseVersion(newest: number): VersionRaising {
  const roll = startRollCall();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let wakeAt: number | undefined;

  function decide(state: ClusterState, now: number): Decision[] {
    if (!hasOlderVersion(state, newest)) {
      wakeAt = undefined;
      return [];
    }
    const everyMs = isNew(state) ? LOOK_AT_NEW_EVERY_MS : LOOK_EVERY_MS;
    if (now >= lookedAt && now < lookedAt + everyMs) return [];
    lookedAt = now;
    wakeAt = now + everyMs;
    const version = findReadable(state, roll.call(now, listenMs(state)), newest);
    if (version <= state.wireVersion) return [];
    const last = lastSeqOf(state, CLUSTER_SUBJECT);
    return [{ event: { type: 'cluster.version_raised', cause: last, version }, expect: last }];
  }

  return {
    hear: roll.note,
    decide,
    nextWake: () => wakeAt,
    obstacles(state, now) {
      if (!hasOlderVersion(state, newest)) return undefined;
      return findObstacles(state, roll.call(now, listenMs(state)), state.wireVersion + 1);
    },
  };
}

/** A log that does not say whose it is stays as it is. */
function hasOlderVersion({ cluster, wireVersion }: ClusterState, newest: number): boolean {
  return cluster !== undefined && wireVersion < newest;
}

/** Nothing runs in it: where a copy of an older build is overheard, and halts, nobody misses it. */
function isNew({ services, wireVersion }: ClusterState): boolean {
  return services.size === 0 && wireVersion === FIRST_WIRE_VERSION;
}

function listenMs(state: ClusterState): number {
  return isNew(state) ? GLANCE_MS : LISTEN_MS;
}

/** The newest version that nobody is in the way of. */
function findReadable(state: ClusterState, present: readonly Present[] | undefined, newest: number): number {
  if (!present || ROLES.some((role) => present.every((copy) => copy.role !== role))) return 0;
  let version = newest;
  for (const { reads } of present) version = Math.min(version, reads);
  for (const node of countedNodes(state)) version = Math.min(version, node.reads);
  return version;
}

function findObstacles(
  state: ClusterState,
  present: readonly Present[] | undefined,
  version: number,
): Obstacles {
  const nodes = [...countedNodes(state)].filter(({ reads }) => reads < version);
  return {
    version,
    unheard: ROLES.filter((role) => !present?.some((copy) => copy.role === role)),
    copies: (present ?? []).filter(({ reads }) => reads < version).slice(0, MAX_LISTED),
    nodes: nodes.slice(0, MAX_LISTED),
  };
}

/** One that is down says anew what it reads when it comes back. */
function* countedNodes({ nodes }: ClusterState): Generator<{ hostname: string; reads: number }> {
  for (const node of nodes.values()) {
    const { status, description, reads } = node;
    if (status !== 'down') yield { hostname: description.hostname, reads };
  }
}
