// From a command to what a backend is asked to run. Pure.
import type { BoundPort, TaskOrder } from '@muster/backends';
import type { TaskCommand } from '@muster/events';

export interface OrderingNode {
  /** Undefined when the log does not say. */
  readonly clusterId: string | undefined;
  readonly clusterName: string;
  readonly nodeId: string;
  readonly nodeHostname: string;
}

export function describeOrder({ task, cluster }: TaskCommand, node: OrderingNode): TaskOrder {
  const { clusterName, nodeId, nodeHostname } = node;
  const clusterId = cluster ?? node.clusterId;
  return {
    identity: {
      ...(clusterId !== undefined && { clusterId }),
      clusterName,
      nodeId,
      nodeHostname,
      serviceId: task.service.id,
      serviceName: task.service.name,
      ...(task.service.team !== undefined && { team: task.service.team }),
      serviceLabels: task.service.labels,
      taskId: task.id,
      taskName: task.name,
      slot: task.slot,
    },
    spec: task.spec,
    ports: task.ports.length === 0 ? noPorts : bindPorts(task.ports),
  };
}

const noPorts: readonly BoundPort[] = [];

/** Only a port in host mode is the node's own business. */
function bindPorts(ports: TaskCommand['task']['ports']): BoundPort[] {
  return ports.flatMap(({ publishMode, protocol, targetPort, publishedPort }) =>
    publishMode === 'host' && publishedPort !== 0 ? [{ protocol, targetPort, publishedPort }] : [],
  );
}
