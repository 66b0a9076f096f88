// What is to be said about a node: ready, suspect, down, or its tasks lost. Pure: from its folded status and what
// this dispatcher has heard of it. Several dispatchers judge at once, and one of them may be hard of hearing:
// a suspicion is written first, and a node is given up only when nobody has spoken for it since.
import { ENVELOPE_BYTES, sizeOfText } from '@muster/events';
import { type NodeStatus, TaskState } from '@muster/model';
import type { ClusterNode } from '@muster/state';
import type { Hearing } from './hearing.ts';

/** Heartbeats missed before a node is suspected, and before it is given up (SwarmKit: a grace of 3 periods). */
const SUSPECT_AFTER = 2;
const DOWN_AFTER = 3;
/** A node heard within so many periods misses no heartbeat: their jitter is a tenth of a period. */
const FRESH_WITHIN = 1.25;

/** Periods for which nobody may listen where an agent would, before its node is given up: time to start it again. */
const GONE_FOR = 1;
const ENGINE_SILENT = 'its engine does not answer';
const AGENT_GONE = 'its agent is gone: nobody listens on its connection';

/** SwarmKit: defaultNodeDownPeriod. */
export const ORPHAN_AFTER_MS = 24 * 3600_000;
/** In one event, however much a record may hold: folding it must not hold up anything else. */
const MAX_ORPHANS = 10_000;

/** What one dispatcher knows of a node. Times are its own clock, ms since the epoch. */
export interface Evidence {
  /** Last sign of life, its own or another dispatcher's word for it; the start of watching counts. */
  heardAt: number;
  /** Last sign of life of its own, heard as it was given; -Infinity for none. */
  freshAt: number;
  /** When the status that the state shows was first seen here. */
  verdictAt: number;
  /** Since when nobody listens where its agent would; undefined while somebody may. */
  goneSince: number | undefined;
  /** As its agent said last: it is well, and can do nothing. */
  engineIsSilent: boolean;
  /** Grows with each suspicion that another dispatcher refuted while nothing was heard here. */
  patience: number;
}

export interface Judgement {
  readonly verdict?: { readonly status: NodeStatus; readonly message: string };
  readonly orphans?: readonly string[];
  /** When silence, if it goes on, leads to the next verdict. */
  readonly lookAt?: number;
}

export interface Circumstances {
  readonly hearing: Pick<Hearing, 'until' | 'since'>;
  readonly heartbeatMs: number;
  readonly now: number;
  /** Of the event. */
  readonly maxRecordBytes: number;
}

export function judge(node: ClusterNode, evidence: Evidence, circumstances: Circumstances): Judgement {
  const { hearing, heartbeatMs, now } = circumstances;
  // What was heard before an agent went says nothing: the server's word that nobody listens is newer.
  const mayBeOld = node.status === 'suspect' && node.statusMessage === AGENT_GONE;
  const isFresh = now - evidence.freshAt <= FRESH_WITHIN * heartbeatMs;
  const isWell = isFresh && !evidence.engineIsSilent;
  if (node.status !== 'ready' && isWell && !(mayBeOld && evidence.freshAt <= evidence.verdictAt)) {
    return { verdict: { status: 'ready', message: 'heartbeat received' } };
  }
  const silentFrom = Math.max(evidence.heardAt, hearing.since);
  const silentFor = (periods: number) => silentFrom + periods * heartbeatMs;
  switch (node.status) {
    case 'ready': {
      if (evidence.goneSince !== undefined) return { verdict: { status: 'suspect', message: AGENT_GONE } };
      if (isFresh && evidence.engineIsSilent)
        return { verdict: { status: 'suspect', message: ENGINE_SILENT } };
      const lookAt = silentFor(SUSPECT_AFTER * evidence.patience);
      if (hearing.until < lookAt) return { lookAt };
      return { verdict: { status: 'suspect', message: 'heartbeat missed' } };
    }
    case 'suspect': {
      const { goneSince } = evidence;
      const givenUpAt = goneSince === undefined ? silentFor(DOWN_AFTER) : goneSince + GONE_FOR * heartbeatMs;
      const lookAt = Math.max(givenUpAt, evidence.verdictAt + heartbeatMs);
      if (hearing.until < lookAt) return { lookAt };
      const message = goneSince === undefined ? 'heartbeat failure' : AGENT_GONE;
      return { verdict: { status: 'down', message } };
    }
    case 'unknown': {
      const lookAt = silentFor(DOWN_AFTER);
      if (hearing.until < lookAt) return { lookAt };
      return {
        verdict: { status: 'down', message: 'heartbeat failure for node in "unknown" state' },
      };
    }
    case 'down':
      return judgeTasks(node, circumstances);
    default:
      return node.status satisfies never;
  }
}

function judgeTasks(node: ClusterNode, { now, maxRecordBytes }: Circumstances): Judgement {
  const lookAt = node.statusAt + ORPHAN_AFTER_MS;
  const lost: string[] = [];
  let room = maxRecordBytes - ENVELOPE_BYTES - sizeOfText(node.id);
  for (const task of node.tasks.values()) {
    if (task.observed > TaskState.RUNNING) continue;
    if (now < lookAt) return { lookAt };
    const { id } = task;
    room -= sizeOfText(id) + 1;
    if (room < 0 || lost.length === MAX_ORPHANS) break;
    lost.push(id);
  }
  return lost.length === 0 ? {} : { orphans: lost };
}
