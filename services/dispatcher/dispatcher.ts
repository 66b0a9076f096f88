// The dispatcher as a reducer: what the cluster is told about its nodes. It watches them from the folded state and
// from heartbeats, which are not in the log. What they are to do is command-writer.ts's part.
import { eventSubject } from '@muster/events';
import type { NodeStatus } from '@muster/model';
import {
  createDeadlines,
  createFaults,
  createWorkList,
  type Decision,
  PATIENCE_MS,
  type RecordLimit,
  type Reducer,
  type Share,
  usualRecordLimit,
} from '@muster/runtime';
import { basisOf, type ClusterNode, type ClusterState, lastSeqOf } from '@muster/state';
import { createUndelivered } from './commands/undelivered.ts';
import { startHearing } from './nodes/hearing.ts';
import { type Evidence, type Judgement, judge } from './nodes/verdict.ts';

/** Decisions of one round; the rest has its turn in the next. */
const MAX_DECISIONS_PER_ROUND = 512;
const MAX_PATIENCE = 8;
/** Heartbeats kept of nodes whose joining has not been folded yet. */
const MAX_STRANGERS = 10_000;

export interface DispatcherOptions {
  /** The same as the agents'. */
  readonly heartbeatMs: number;
  /** Which nodes are ours to judge; all of them by default. */
  readonly share?: Share | undefined;
  readonly maxRecordBytes?: RecordLimit;
}

export interface Dispatcher extends Reducer {
  /** A heartbeat arrived, of a node whose engine answers or does not. True when there is something to be decided at once. */
  hear(nodeId: string, now: number, engineIsSilent?: boolean): boolean;
  /** Nobody listens where the node's agent would, or somebody does again. */
  noteAgent(nodeId: string, isThere: boolean, now: number): void;
  /** The node can't be told of the task, and why; or no longer so, when there is no reason. */
  noteUndelivered(nodeId: string, taskId: string, reason: string | undefined, now: number): boolean;
  /** Commands have such a basis, and the log does not go so far (outlived.ts). */
  noteOutlived(basis: number): void;
  /** An echo arrived (hearing.ts). True when somebody's time is up. */
  echo(sentAt: number, now: number): boolean;
  readonly echoEveryMs: number;
}

interface Watched extends Evidence {
  /** The folded values these were last compared with. */
  status: NodeStatus;
  statusAt: number;
  reportedAt: number;
  /** Nobody there means that it is gone. Not so of one that was heard of all the same, until it answers. */
  answers: boolean;
}

export function createDispatcher({
  heartbeatMs,
  share,
  maxRecordBytes = usualRecordLimit,
}: DispatcherOptions): Dispatcher {
  const hearing = startHearing(heartbeatMs);
  const deadlines = createDeadlines();
  const watched = new Map<string, Watched>();
  const strangers = new Map<string, number>();
  /** What one copy has heard, another may not have: nobody waits for a busy one, nor blames a silent one. */
  const noticed = createWorkList({ share, lastResortMs: 2 * PATIENCE_MS, certain: false });
  const faults = createFaults(noticed);
  const undelivered = createUndelivered();
  let lastLook = 0;
  let outlived = 0;

  function decide(state: ClusterState, now: number): Decision[] {
    lastLook = now;
    for (const id of deadlines.takeDue(hearing.until)) noticed.add(id);
    noticed.wake(now, (id) => look(state, id, now) !== undefined);
    const decisions: Decision[] = [...countAnew(state)];
    const decided: string[] = [];
    while (decisions.length < MAX_DECISIONS_PER_ROUND) {
      const id = noticed.take();
      if (id === undefined) break;
      const decision = look(state, id, now);
      if (!decision) continue;
      decisions.push(decision);
      decided.push(id);
    }
    // Looked at again until the state shows what was decided.
    for (const id of decided) noticed.add(id);
    if (decisions.length === 0) faults.tell();
    return decisions;
  }

  function countAnew(state: ClusterState): Decision[] {
    if (outlived <= basisOf(state, state.head)) return [];
    const expect = lastSeqOf(state, eventSubject('dispatcher', 'cluster', 'self'));
    return [{ event: { type: 'cluster.commands_ahead', cause: 0, basis: outlived }, expect }];
  }

  function look(state: ClusterState, id: string, now: number): Decision | undefined {
    const node = state.nodes.get(id);
    return node && faults.guard(id, now, () => lookAtNode(state, node, now));
  }

  function lookAtNode(state: ClusterState, node: ClusterNode, now: number): Decision | undefined {
    const most = maxRecordBytes();
    const judgement = judge(node, observe(node, now), { hearing, heartbeatMs, now, maxRecordBytes: most });
    if (judgement.lookAt !== undefined) deadlines.set(node.id, judgement.lookAt);
    const decision = concludeJudgement(state, node, judgement);
    if (decision) return decision;
    const expect = lastSeqOf(state, eventSubject('dispatcher', 'node', node.id));
    const event = undelivered.tell(node, expect, now, most);
    return event && { event, expect };
  }

  /** What was heard of the node, brought up to what the log says of it. */
  function observe(node: ClusterNode, now: number): Watched {
    const { status, statusAt, reportedAt } = node;
    const known = watched.get(node.id);
    if (!known) {
      const freshAt = strangers.get(node.id) ?? Number.NEGATIVE_INFINITY;
      strangers.delete(node.id);
      const evidence = { heardAt: now, freshAt, verdictAt: now, goneSince: undefined, patience: 1 };
      const fresh = { ...evidence, engineIsSilent: false };
      const started = { ...fresh, status, statusAt, reportedAt, answers: true };
      watched.set(node.id, started);
      return started;
    }
    if (reportedAt > known.reportedAt) {
      known.reportedAt = reportedAt;
      // A report is no answer to a verdict that came after it.
      noteHeard(known, now, reportedAt > statusAt);
    }
    if (status !== known.status || statusAt !== known.statusAt) noteVerdict(known, node, now);
    return known;
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

  /** One that was gone: of an older version, perhaps, that speaks and never answers; or we hear less than others do. */
  function noteSpoken(known: Watched): void {
    if (known.goneSince !== undefined) known.answers = false;
    known.goneSince = undefined;
  }

  /** It was removed: what was heard of it says nothing of one that joins with its id. */
  function forget(id: string): void {
    watched.delete(id);
    strangers.delete(id);
    undelivered.forget(id);
  }

  /** Our clock was set back: what was noted by the old time starts anew. */
  function startOver(now: number): void {
    deadlines.clear();
    for (const [id, known] of watched) {
      known.heardAt = known.verdictAt = now;
      known.freshAt = Number.NEGATIVE_INFINITY;
      if (known.goneSince !== undefined) known.goneSince = now;
      noticed.add(id);
    }
  }

  return {
    name: 'dispatcher',
    echoEveryMs: hearing.echoEveryMs,
    notice(state, changes) {
      for (const id of changes.nodes) {
        if (state.nodes.has(id)) noticed.add(id);
        else forget(id);
      }
    },
    noteDecision(_state, { address }) {
      share?.noteDecision(address.id);
      noticed.noteDecision(address.id);
    },
    decide,
    nextWake() {
      const next = deadlines.next() ?? Number.POSITIVE_INFINITY;
      // The echo after it wakes us as a rule: without one, there is nothing to be said.
      const byEcho = Math.max(next, lastLook) + hearing.echoEveryMs;
      const earliest = Math.min(byEcho, noticed.nextWake() ?? Number.POSITIVE_INFINITY);
      return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
    },
    backlog: () => ({ nodes: noticed.size }),
    hear(nodeId, now, engineIsSilent = false) {
      const known = watched.get(nodeId);
      if (!known) {
        if (strangers.size >= MAX_STRANGERS) strangers.clear();
        if (hearing.isCurrent(now) && !engineIsSilent) strangers.set(nodeId, now);
        return false;
      }
      noteHeard(known, now, true);
      known.engineIsSilent = engineIsSilent;
      if ((known.status === 'ready') !== engineIsSilent) return false;
      noticed.add(nodeId);
      return true;
    },
    noteOutlived(basis) {
      outlived = basis;
    },
    noteAgent(nodeId, isThere, now) {
      const known = watched.get(nodeId);
      if (!known) return;
      if (isThere) known.answers = true;
      if (isThere || !known.answers) {
        known.goneSince = undefined;
      } else {
        known.goneSince ??= now;
        known.freshAt = Number.NEGATIVE_INFINITY;
      }
      noticed.add(nodeId);
    },
    noteUndelivered(nodeId, taskId, reason, now) {
      const lookAt = undelivered.note(nodeId, taskId, reason, now);
      if (lookAt !== undefined) noticed.addAt(nodeId, lookAt);
      return lookAt !== undefined;
    },
    echo(sentAt, now) {
      if (sentAt < hearing.until) startOver(now);
      hearing.echo(sentAt, now);
      const next = deadlines.next();
      return next !== undefined && next <= hearing.until;
    },
  };
}

function concludeJudgement(
  state: ClusterState,
  { id: nodeId, status }: ClusterNode,
  { verdict, orphans }: Judgement,
): Decision | undefined {
  const ownSubject = eventSubject('dispatcher', 'node', nodeId);
  const expect = lastSeqOf(state, ownSubject);
  if (verdict) {
    const cause = status === 'unknown' ? lastSeqOf(state, eventSubject('agent', 'node', nodeId)) : expect;
    return { event: { type: 'node.status_changed', cause, nodeId, ...verdict }, expect };
  }
  if (orphans)
    return { event: { type: 'tasks.orphaned', cause: expect, nodeId, tasks: [...orphans] }, expect };
  return undefined;
}
