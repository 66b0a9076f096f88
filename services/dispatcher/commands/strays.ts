// Tasks that a node reported and the cluster does not know there. Each is to be told to the node as forgotten,
// after the report: what was said before it did not help. The node's answer, `gone`, ends it. No I/O.
import { eventSubject } from '@muster/events';
import { type ClusterState, lastSeqOf } from '@muster/state';

export interface Strays {
  /** Takes up what the node's strays are now. Returns the tasks that came or went. */
  update(state: ClusterState, nodeId: string): readonly string[];
  /** The nodes where the task is a stray, and the log sequence that a `forget` must not be older than. */
  nodesOf(taskId: string): ReadonlyMap<string, number>;
}

const nowhere: ReadonlyMap<string, number> = new Map();

export function createStrays(): Strays {
  const nodesByTask = new Map<string, Map<string, number>>();
  const known = new Map<string, { session: string; tasks: Set<string> }>();

  function update(state: ClusterState, nodeId: string): string[] {
    const node = state.nodes.get(nodeId);
    const before = known.get(nodeId);
    if (!before && (node?.strays.size ?? 0) === 0) return [];
    const { session, tasks } = before ?? { session: '', tasks: new Set<string>() };
    const current = node?.strays ?? new Set<string>();
    const touched: string[] = [];
    for (const id of tasks) if (!current.has(id)) touched.push(remove(nodeId, id));
    // An agent that started again may have missed what its predecessor was told.
    const again = node !== undefined && node.session !== session;
    for (const id of current) if (again || !tasks.has(id)) touched.push(add(state, nodeId, id));
    if (node && current.size > 0) known.set(nodeId, { session: node.session, tasks: new Set(current) });
    else known.delete(nodeId);
    return touched;
  }

  function add(state: ClusterState, nodeId: string, taskId: string): string {
    const nodes = nodesByTask.get(taskId) ?? new Map<string, number>();
    nodesByTask.set(taskId, nodes.set(nodeId, lastSeqOf(state, eventSubject('agent', 'node', nodeId))));
    return taskId;
  }

  function remove(nodeId: string, taskId: string): string {
    const nodes = nodesByTask.get(taskId);
    nodes?.delete(nodeId);
    if (nodes?.size === 0) nodesByTask.delete(taskId);
    return taskId;
  }

  return { update, nodesOf: (taskId) => nodesByTask.get(taskId) ?? nowhere };
}
