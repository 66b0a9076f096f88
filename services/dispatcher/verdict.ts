// What is to be said about a node: ready, suspect, down, or its tasks lost. Pure: from its folded status and what
// this dispatcher has heard of it. Several dispatchers judge at once, and one of them may be hard of hearing:
// a suspicion is written first, and a node is given up only when nobody has spoken for it since.
import { type NodeStatus, TaskState } from '@muster/model';
import type { ClusterNode } from '@muster/state';
import type { Hearing } from './hearing.ts';

/** Heartbeats missed before a node is suspected, and before it is given up (SwarmKit: a grace of 3 periods). */
const SUSPECT_AFTER = 2;
const DOWN_AFTER = 3;
/** A node heard within so many periods misses no heartbeat: their jitter is a tenth of a period. */
const FRESH_WITHIN = 1.25;

/** SwarmKit: defaultNodeDownPeriod. */
export const ORPHAN_AFTER_MS = 24 * 3600_000;
/** Keeps the event well below the largest record of a log. */
const MAX_ORPHANS = 10_000;

/** What one dispatcher knows of a node. Times are its own clock, ms since the epoch. */
export interface Evidence {
  /** Last sign of life, its own or another dispatcher's word for it; the start of watching counts. */
  heardAt: number;
  /** Last sign of life of its own, heard as it was given; -Infinity for none. */
  freshAt: number;
  /** When the status that the state shows was first seen here. */
  verdictAt: number;
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
}

export function judge(node: ClusterNode, evidence: Evidence, circumstances: Circumstances): Judgement {
  const { hearing, heartbeatMs, now } = circumstances;
  if (node.status !== 'ready' && now - evidence.freshAt <= FRESH_WITHIN * heartbeatMs) {
    return { verdict: { status: 'ready', message: 'heartbeat received' } };
  }
  const silentFrom = Math.max(evidence.heardAt, hearing.since);
  const silentFor = (periods: number) => silentFrom + periods * heartbeatMs;
  switch (node.status) {
    case 'ready': {
      const lookAt = silentFor(SUSPECT_AFTER * evidence.patience);
      if (hearing.until < lookAt) return { lookAt };
      return { verdict: { status: 'suspect', message: 'heartbeat missed' } };
    }
    case 'suspect': {
      const lookAt = Math.max(silentFor(DOWN_AFTER), evidence.verdictAt + heartbeatMs);
      if (hearing.until < lookAt) return { lookAt };
      return { verdict: { status: 'down', message: 'heartbeat failure' } };
    }
    case 'unknown': {
      const lookAt = silentFor(DOWN_AFTER);
      if (hearing.until < lookAt) return { lookAt };
      return {
        verdict: { status: 'down', message: 'heartbeat failure for node in "unknown" state' },
      };
    }
    case 'down':
      return judgeTasks(node, now);
    default:
      return node.status satisfies never;
  }
}

function judgeTasks(node: ClusterNode, now: number): Judgement {
  const lost: string[] = [];
  for (const task of node.tasks.values()) {
    if (task.observed <= TaskState.RUNNING && lost.length < MAX_ORPHANS) lost.push(task.id);
  }
  if (lost.length === 0) return {};
  const lookAt = node.statusAt + ORPHAN_AFTER_MS;
  return now < lookAt ? { lookAt } : { orphans: lost };
}
