// The cluster in numbers. Pure.
import { type NodeStatus, nameTaskState, nameWithTeam, type TaskStateName } from '@muster/model';
import { type ClusterState, FOLD_VERSION, type Loss } from '@muster/state';
import type { Status } from './views.ts';

/** Losses told of, and intents named of each, at most. */
const MAX_LOSSES = 3;
const MAX_NAMED = 100;
/** Reasons listed, at most. */
const MAX_REASONS = 20;

function shorten({ intents, omitted, ...loss }: Loss): Status['losses'][number] {
  const named = intents.slice(0, MAX_NAMED);
  return { ...loss, intents: named, omitted: omitted + intents.length - named.length };
}

export function summariseState(state: ClusterState): Status {
  const tasks: Partial<Record<TaskStateName, number>> = {};
  for (const [observed, count] of state.tables.tasksByState)
    if (count > 0) tasks[nameTaskState(observed)] = count;
  const nodes: Partial<Record<NodeStatus, number>> = {};
  for (const { status } of state.nodes.values()) nodes[status] = (nodes[status] ?? 0) + 1;
  const [oldest] = state.intents.values();
  const unschedulable: { service: string; message: string }[] = [];
  for (const { team, spec, unschedulable: reason } of state.serviceByName.values()) {
    if (reason && unschedulable.length < MAX_REASONS)
      unschedulable.push({ service: nameWithTeam({ team, name: spec.name }), message: reason.message });
  }
  return {
    head: state.head,
    headTime: state.headTime,
    ...(state.cluster && { cluster: state.cluster }),
    wireVersion: state.wireVersion,
    nodesReading: countByVersion(state),
    services: state.serviceByName.size,
    tasks,
    nodes,
    unavailable: countUnavailable(state),
    openIntents: state.intents.size,
    ...(oldest && { oldestIntent: { seq: oldest.seq, time: oldest.time } }),
    openPoison: state.poison.size,
    unschedulable,
    conflicts: state.conflicts,
    losses: state.losses.slice(-MAX_LOSSES).map(shorten),
    ...(state.halted && { halted: state.halted.reason }),
    ...(state.halted?.record && { haltedOn: state.halted.record }),
    voided: state.voided.size,
    foldVersion: FOLD_VERSION,
  };
}

function countUnavailable({ nodes }: ClusterState): Status['unavailable'] {
  const counts = { pause: 0, drain: 0 };
  for (const { spec } of nodes.values()) if (spec.availability !== 'active') counts[spec.availability] += 1;
  return counts;
}

/** Nodes named of each version, at most. */
const MAX_HOSTNAMES = 10;

function countByVersion({ nodes }: ClusterState): Status['nodesReading'] {
  const counts = new Map<number, { version: number; nodes: number; hostnames: string[] }>();
  for (const node of nodes.values()) {
    if (node.status === 'down') continue;
    const { reads: version } = node;
    const count = counts.get(version) ?? { version, nodes: 0, hostnames: [] };
    count.nodes += 1;
    if (count.hostnames.length < MAX_HOSTNAMES) count.hostnames.push(node.description.hostname);
    counts.set(version, count);
  }
  return [...counts.values()].sort((a, b) => a.version - b.version);
}
