// Where tasks lived, and when: which nodes' reports are to be read, and in which stretches of the log. Pure.
import type { Fact } from '@muster/events';
import { TaskState } from '@muster/model';
import type { ClusterState } from '@muster/state';

export interface LifeSpan {
  readonly id: string;
  readonly createdSeq: number;
  /** Nothing new is said of it later. */
  readonly endSeq: number;
}

/** Of every task that the events of its service created, the first one first. */
export function listLifeSpans(facts: readonly Fact[], state: ClusterState, to: number): LifeSpan[] {
  const created = new Map<string, number>();
  const ended = new Map<string, number>();
  const end = (id: string | undefined, seq: number) => {
    if (id !== undefined && !ended.has(id)) ended.set(id, seq);
  };
  for (const fact of facts) {
    if (fact.is !== 'event' || fact.event.type !== 'service.reconciled') continue;
    const { event, seq } = fact;
    for (const { id, replaces, cause } of event.created) {
      if (!created.has(id)) created.set(id, seq);
      // What had to be started anew had ended.
      if (cause === 'restart') end(replaces, seq);
    }
    for (const id of event.reaped) end(id, seq);
  }
  return [...created].map(([id, createdSeq]) => {
    const task = state.tasks.get(id);
    // No report says so.
    const isOrphan = task?.observed === TaskState.ORPHANED;
    const last = task && !isOrphan ? Math.max(task.statusSeq, task.commandSeq) : to;
    return { id, createdSeq, endSeq: Math.min(last, ended.get(id) ?? to) };
  });
}

/** One task on one node. */
export interface Stay {
  readonly nodeId: string;
  readonly from: number;
  readonly to: number;
}

/** What is read at once. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly nodeIds: ReadonlySet<string>;
}

/** As few nodes' records as will do, without a reading for every stay. */
const NODES_AT_ONCE = 24;
/** Reading on costs less than reading anew. */
const NEAR = 2_000;

/** Stretches that together have every stay. */
export function planStretches(stays: readonly Stay[]): Stretch[] {
  const stretches: Stretch[] = [];
  let open: Stay[] = [];
  let nodeIds = new Set<string>();
  let [from, furthest] = [0, 0];
  const close = (to: number) => {
    if (nodeIds.size > 0 && to >= from) stretches.push({ from, to, nodeIds });
  };
  for (const stay of stays.toSorted((a, b) => a.from - b.from)) {
    if (nodeIds.size > 0 && stay.from > furthest + NEAR) {
      close(furthest);
      [open, nodeIds] = [[], new Set()];
    } else if (nodeIds.size >= NODES_AT_ONCE && !nodeIds.has(stay.nodeId)) {
      open = open.filter(({ to }) => to >= stay.from);
      const still = new Set(open.map(({ nodeId }) => nodeId));
      if (still.size <= nodeIds.size / 2) {
        close(Math.min(furthest, stay.from - 1));
        [from, nodeIds] = [stay.from, still];
      }
    }
    if (nodeIds.size === 0) from = stay.from;
    nodeIds.add(stay.nodeId);
    open.push(stay);
    furthest = Math.max(furthest, stay.to);
  }
  close(furthest);
  return stretches;
}
