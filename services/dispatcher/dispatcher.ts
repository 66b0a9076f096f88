// The dispatcher as a reducer: what the cluster is told about its nodes. It watches them from the folded state and
// from heartbeats, which are not in the log. What they are to do is command-writer.ts's part.
import { type EventDraft, eventSubject } from '@muster/events';
import {
  attend,
  createDeadlines,
  type Decision,
  earliest,
  type Look,
  lookAfter,
  type Noticed,
  PATIENCE_MS,
  type RecordLimit,
  type Reducer,
  type Share,
  usualRecordLimit,
} from '@muster/runtime';
import { basisOf, type ClusterNode, type ClusterState, lastSeqOf } from '@muster/state';
import { createUndelivered } from './commands/undelivered.ts';
import { startHearing } from './nodes/hearing.ts';
import { type Judgement, judge } from './nodes/verdict.ts';
import { createWatch } from './nodes/watch.ts';

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

export function createDispatcher({
  heartbeatMs,
  share,
  maxRecordBytes = usualRecordLimit,
}: DispatcherOptions): Dispatcher {
  const hearing = startHearing(heartbeatMs);
  const deadlines = createDeadlines();
  const watch = createWatch(hearing, heartbeatMs);
  const undelivered = createUndelivered();
  const self = { name: 'dispatcher', share } as const;
  const nodes = lookAfter(self, {
    name: 'nodes',
    subject: 'node',
    perRound: 512,
    // What one copy has heard, another may not have: nobody waits for a busy one, nor blames a silent one.
    lastResortMs: 2 * PATIENCE_MS,
    certain: false,
    concerned: noteChanges,
    look,
    wakeAt: deadlines.set,
  });
  const { startRound, conclude, ...reducer } = attend(self, [nodes]);
  /** Nodes of which the log says something that they were not compared with yet. */
  const changed = new Set<string>();
  let lastLook = 0;
  let outlived = 0;

  function* noteChanges(state: ClusterState, changes: Noticed): Generator<string> {
    for (const id of changes.nodes) {
      changed.add(id);
      if (state.nodes.has(id)) yield id;
      else for (const known of [watch, undelivered]) known.forget(id);
    }
  }

  function look(state: ClusterState, id: string, now: number): Look | undefined {
    const node = state.nodes.get(id);
    const evidence = watch.of(id);
    if (!node || !evidence) return undefined;
    const most = maxRecordBytes();
    const judgement = judge(node, evidence, { hearing, heartbeatMs, now, maxRecordBytes: most });
    const last = lastSeqOf(state, eventSubject('dispatcher', 'node', id));
    const event = concludeJudgement(state, node, judgement, last) ?? undelivered.tell(node, last, now, most);
    return { event, wakeAt: judgement.lookAt };
  }

  /** Compares what is known of the nodes with what the log says of them by now. */
  function followChanged(state: ClusterState, now: number): void {
    for (const id of changed) {
      const node = state.nodes.get(id);
      if (!node) continue;
      nodes.guard(id, now, () => {
        watch.follow(node, now);
        undelivered.follow(node);
      });
    }
    changed.clear();
  }

  function countAnew(state: ClusterState): Decision[] {
    if (outlived <= basisOf(state, state.head)) return [];
    const expect = lastSeqOf(state, eventSubject('dispatcher', 'cluster', 'self'));
    return [{ event: { type: 'cluster.commands_ahead', cause: 0, basis: outlived }, expect }];
  }

  return {
    ...reducer,
    echoEveryMs: hearing.echoEveryMs,
    decide(state, now) {
      lastLook = now;
      followChanged(state, now);
      for (const id of deadlines.takeDue(hearing.until)) nodes.add(id);
      const round = startRound(state, now);
      return conclude([...countAnew(state), ...nodes.decide(round)]);
    },
    nextWake() {
      const next = deadlines.next();
      // The echo after it wakes us as a rule: without one, there is nothing to be said.
      const byEcho = next === undefined ? undefined : Math.max(next, lastLook) + hearing.echoEveryMs;
      return earliest([byEcho, reducer.nextWake()]);
    },
    hear(nodeId, now, engineIsSilent = false) {
      const isDue = watch.hear(nodeId, now, engineIsSilent);
      if (isDue) nodes.add(nodeId);
      return isDue;
    },
    noteOutlived(basis) {
      outlived = basis;
    },
    noteAgent(nodeId, isThere, now) {
      if (watch.noteAgent(nodeId, isThere, now)) nodes.add(nodeId);
    },
    noteUndelivered(nodeId, taskId, reason, now) {
      const lookAt = undelivered.note(nodeId, taskId, reason, now);
      if (lookAt !== undefined) nodes.addAt(nodeId, lookAt);
      return lookAt !== undefined;
    },
    echo(sentAt, now) {
      if (sentAt < hearing.until) {
        deadlines.clear();
        for (const id of watch.startOver(now)) nodes.add(id);
      }
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
  last: number,
): EventDraft | undefined {
  if (verdict) {
    const cause = status === 'unknown' ? lastSeqOf(state, eventSubject('agent', 'node', nodeId)) : last;
    return { type: 'node.status_changed', cause, nodeId, ...verdict };
  }
  return orphans && { type: 'tasks.orphaned', cause: last, nodeId, tasks: [...orphans] };
}
