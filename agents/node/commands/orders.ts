// From a command to what a backend is asked to run, with templates filled in. Pure.
import type { BoundPort, TaskIdentity, TaskOrder } from '@muster/backends';
import type { TaskCommand } from '@muster/events';
import { expandContainer, type NodeDescription, type RunSpec } from '@muster/model';

export interface OrderingNode {
  /** Undefined when the log does not say. */
  readonly clusterId: string | undefined;
  readonly clusterName: string;
  readonly nodeId: string;
  readonly nodeHostname: string;
  readonly platform: NodeDescription['platform'];
}

export function describeOrder({ task, cluster }: TaskCommand, node: OrderingNode): TaskOrder {
  const { clusterName, nodeId, nodeHostname } = node;
  const clusterId = cluster ?? node.clusterId;
  const { team } = task.service;
  // Spread into the literal, what may be missing would make each of these several times as slow to make, and as large.
  const identity: { -readonly [Key in keyof TaskIdentity]: TaskIdentity[Key] } = {
    clusterName,
    nodeId,
    nodeHostname,
    serviceId: task.service.id,
    serviceName: task.service.name,
    serviceLabels: task.service.labels,
    taskId: task.id,
    taskName: task.name,
    slot: task.slot,
  };
  if (clusterId !== undefined) identity.clusterId = clusterId;
  if (team !== undefined) identity.team = team;
  const ports = task.ports.length === 0 ? noPorts : bindPorts(task.ports);
  const { networks } = task;
  const spec = fillIn(task, node);
  return networks?.length ? { identity, spec, ports, networks } : { identity, spec, ports };
}

/** The very same where there is nothing to be filled in. Throws `TemplateError`. */
function fillIn({ spec, service, id, name, slot }: TaskCommand['task'], node: OrderingNode): RunSpec {
  const containerSpec = expandContainer(spec.containerSpec, {
    service,
    node: { id: node.nodeId, hostname: node.nodeHostname, platform: node.platform },
    task: { id, name, slot },
  });
  return containerSpec === spec.containerSpec ? spec : { ...spec, containerSpec };
}

const noPorts: readonly BoundPort[] = [];

/** Only a port in host mode is the node's own business. */
function bindPorts(ports: TaskCommand['task']['ports']): BoundPort[] {
  return ports.flatMap(({ publishMode, protocol, targetPort, publishedPort }) =>
    publishMode === 'host' && publishedPort !== 0 ? [{ protocol, targetPort, publishedPort }] : [],
  );
}
