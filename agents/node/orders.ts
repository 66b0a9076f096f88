// From a command to what a backend is asked to run. Pure.
import type { TaskOrder } from '@muster/backends';
import type { TaskCommand } from '@muster/events';

export interface OrderingNode {
  readonly clusterName: string;
  readonly nodeId: string;
  readonly nodeHostname: string;
}

export function describeOrder({ task }: TaskCommand, node: OrderingNode): TaskOrder {
  return {
    identity: {
      ...node,
      serviceId: task.service.id,
      serviceName: task.service.name,
      serviceLabels: task.service.labels,
      taskId: task.id,
      taskName: task.name,
      slot: task.slot,
    },
    spec: task.spec,
    // Only a port in host mode is the node's own business.
    ports: task.ports.flatMap(({ publishMode, protocol, targetPort, publishedPort }) =>
      publishMode === 'host' && publishedPort !== 0 ? [{ protocol, targetPort, publishedPort }] : [],
    ),
  };
}
