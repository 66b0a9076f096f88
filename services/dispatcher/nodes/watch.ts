// What this dispatcher knows of each node: heartbeats, which are not in the log, beside what the log says. Another one may know
// something else.
import type { NodeStatus } from '@muster/model';
import type { ClusterNode } from '@muster/state';
import type { Hearing } from './hearing.ts';
import type { Evidence } from './verdict.ts';

const MAX_PATIENCE = 8;
/** Heartbeats kept of nodes whose joining has not been folded yet. */
const MAX_STRANGERS = 10_000;

export interface Watch {
  /** Brings what is known of the node up to what the log says of it. */
  follow(node: ClusterNode, now: number): void;
  /** Of one that was followed. */
  of(nodeId: string): Readonly<Evidence> | undefined;
  /** A heartbeat. True when it may change what is to be said of the node. */
  hear(nodeId: string, now: number, engineIsSilent: boolean): boolean;
  /** Nobody listens where the node's agent would, or somebody does again. True when the node is known. */
  noteAgent(nodeId: string, isThere: boolean, now: number): boolean;
  /** It was removed: what was heard of it says nothing of one that joins with its id. */
  forget(nodeId: string): void;
  /** Our clock was set back: what was noted by the old time starts anew. Returns everybody. */
  startOver(now: number): Iterable<string>;
}

interface Watched extends Evidence {
  /** The folded values these were last compared with. */
  status: NodeStatus;
  statusAt: number;
  reportedAt: number;
  /** Nobody there means that it is gone. Not so of one that was heard of all the same, until it answers. */
  answers: boolean;
}

export function createWatch(hearing: Pick<Hearing, 'isCurrent'>, heartbeatMs: number): Watch {
  const watched = new Map<string, Watched>();
  const strangers = new Map<string, number>();

  function begin({ id, status, statusAt, reportedAt }: ClusterNode, now: number): void {
    const freshAt = strangers.get(id) ?? Number.NEGATIVE_INFINITY;
    strangers.delete(id);
    const evidence = { heardAt: now, freshAt, verdictAt: now, goneSince: undefined, patience: 1 };
    const fresh = { ...evidence, engineIsSilent: false };
    watched.set(id, { ...fresh, status, statusAt, reportedAt, answers: true });
  }

  function noteVerdict(known: Watched, { status, statusAt }: ClusterNode, now: number): void {
    // Whoever calls it ready has heard it. If we have not, that one hears better.
    if (status === 'ready' && now - known.freshAt > 2 * heartbeatMs) {
      if (known.status !== 'unknown') known.patience = Math.min(2 * known.patience, MAX_PATIENCE);
      known.heardAt = now;
    }
    if (status === 'ready') noteSpoken(known);
    known.status = status;
    known.statusAt = statusAt;
    known.verdictAt = now;
  }

  function noteHeard(known: Watched, now: number, fresh: boolean): void {
    known.heardAt = now;
    known.patience = 1;
    noteSpoken(known);
    if (fresh && hearing.isCurrent(now)) known.freshAt = now;
  }

  return {
    follow(node, now) {
      const { status, statusAt, reportedAt } = node;
      const known = watched.get(node.id);
      if (!known) return begin(node, now);
      if (reportedAt > known.reportedAt) {
        known.reportedAt = reportedAt;
        // A report is no answer to a verdict that came after it.
        noteHeard(known, now, reportedAt > statusAt);
      }
      if (status !== known.status || statusAt !== known.statusAt) noteVerdict(known, node, now);
    },
    of: (nodeId) => watched.get(nodeId),
    hear(nodeId, now, engineIsSilent) {
      const known = watched.get(nodeId);
      if (!known) {
        if (strangers.size >= MAX_STRANGERS) strangers.clear();
        if (hearing.isCurrent(now) && !engineIsSilent) strangers.set(nodeId, now);
        return false;
      }
      noteHeard(known, now, true);
      known.engineIsSilent = engineIsSilent;
      return (known.status === 'ready') === engineIsSilent;
    },
    noteAgent(nodeId, isThere, now) {
      const known = watched.get(nodeId);
      if (!known) return false;
      if (isThere) known.answers = true;
      if (isThere || !known.answers) {
        known.goneSince = undefined;
      } else {
        known.goneSince ??= now;
        known.freshAt = Number.NEGATIVE_INFINITY;
      }
      return true;
    },
    forget(nodeId) {
      watched.delete(nodeId);
      strangers.delete(nodeId);
    },
    startOver(now) {
      for (const known of watched.values()) {
        known.heardAt = known.verdictAt = now;
        known.freshAt = Number.NEGATIVE_INFINITY;
        if (known.goneSince !== undefined) known.goneSince = now;
      }
      return watched.keys();
    },
  };
}

/** One that was gone: of an older version, perhaps, that speaks and never answers; or we hear less than others do. */
function noteSpoken(known: Watched): void {
  if (known.goneSince !== undefined) known.answers = false;
  known.goneSince = undefined;
}
