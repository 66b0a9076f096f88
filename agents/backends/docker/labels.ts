// The labels a task's container carries: Swarm's own, so that tools which know Swarm work, and the cluster's
// name and id. They are also the whole of what tells our containers from everybody else's.
import type { Sandbox, TaskOrder } from '../backend.ts';

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
  /** On a task of networks: its places there and the ports of its node, as JSON. */
  networks: 'muster.networks',
  /** On what a node tries its engine with. It is no task. */
  trial: 'muster.trial',
} as const;

/** Whose containers a backend may see and touch: one node's of one cluster. */
export interface Owner {
  readonly clusterName: string;
  readonly nodeId: string;
}

export type Labels = Readonly<Record<string, string>>;

/** The system's labels win over the user's, as in Swarm. */
export function labelContainer(order: TaskOrder, owner: Owner): Record<string, string> {
  const { identity, spec, networks } = order;
  // Nobody passes for a team, or for one on networks, by a label of his own.
  const { [label.team]: _, [label.networks]: __, ...own } = spec.containerSpec.labels;
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
    ...(networks?.length && { [label.networks]: JSON.stringify(orderedOf(order)) }),
  };
}

/** What a task on networks was ordered with. */
export type Ordered = Pick<Sandbox, 'networks' | 'ports' | 'nameservers'>;

export function orderedOf({ networks = [], ports, spec }: TaskOrder): Ordered {
  const { nameservers = [] } = spec.containerSpec.dnsConfig ?? {};
  return { networks, ports, ...(nameservers.length > 0 && { nameservers }) };
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
