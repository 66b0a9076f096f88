// The labels a task's container carries: Swarm's own, so that tools which know Swarm work, and the cluster's
// name and id. They are also the whole of what tells our containers from everybody else's.
import type { TaskOrder } from '../backend.ts';

export const label = {
  cluster: 'muster.cluster',
  clusterId: 'muster.cluster.id',
  team: 'muster.team',
  nodeId: 'com.docker.swarm.node.id',
  serviceId: 'com.docker.swarm.service.id',
  serviceName: 'com.docker.swarm.service.name',
  task: 'com.docker.swarm.task',
  taskId: 'com.docker.swarm.task.id',
  taskName: 'com.docker.swarm.task.name',
  /** On what keeps a task's namespace: whose it is. It is no task itself. */
  sandbox: 'muster.sandbox',
  /** What it was ordered with, as JSON. */
  sandboxOrder: 'muster.sandbox.order',
} as const;

/** Whose containers a backend may see and touch: one node's of one cluster. */
export interface Owner {
  readonly clusterName: string;
  readonly nodeId: string;
}

export type Labels = Readonly<Record<string, string>>;

/** The system's labels win over the user's, as in Swarm. */
export function labelContainer(order: TaskOrder, owner: Owner): Record<string, string> {
  const { identity, spec } = order;
  // Nobody passes for a team by a label of his own.
  const { [label.team]: _, ...own } = spec.containerSpec.labels;
  return {
    ...own,
    ...(identity.team !== undefined && { [label.team]: identity.team }),
    [label.cluster]: owner.clusterName,
    ...(identity.clusterId !== undefined && { [label.clusterId]: identity.clusterId }),
    [label.nodeId]: owner.nodeId,
    [label.serviceId]: identity.serviceId,
    [label.serviceName]: identity.serviceName,
    [label.task]: '',
    [label.taskId]: identity.taskId,
    [label.taskName]: identity.taskName,
  };
}

export function labelSandbox(
  owner: Owner,
  taskId: string,
  order: string,
  clusterId?: string,
): Record<string, string> {
  return {
    [label.cluster]: owner.clusterName,
    ...(clusterId !== undefined && { [label.clusterId]: clusterId }),
    [label.nodeId]: owner.nodeId,
    [label.sandbox]: taskId,
    [label.sandboxOrder]: order,
  };
}

/** The engine's label filter for everything of one owner, or for one task of it. */
export function filterLabels(owner: Owner, taskId?: string): string[] {
  const filter = [`${label.cluster}=${owner.clusterName}`, `${label.nodeId}=${owner.nodeId}`];
  return taskId === undefined ? filter : [...filter, `${label.taskId}=${taskId}`];
}

/** The task a container belongs to, if it is one of the owner's. */
export function findTaskId(labels: Labels | undefined, owner: Owner): string | undefined {
  if (labels?.[label.cluster] !== owner.clusterName || labels[label.nodeId] !== owner.nodeId)
    return undefined;
  return labels[label.taskId];
}
