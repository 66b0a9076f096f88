// Objects as Docker's API shows them: its names, its nesting, its times. What `inspect` prints. Pure.
import type { NodeDetail, ServiceDetail, TaskDetail } from '@muster/api';
import { ownValue, type Port } from '@muster/model';

/** Names that are more than a capital letter away. */
const special: Readonly<Record<string, string>> = { nanoCpus: 'NanoCPUs', tty: 'TTY' };
/** Maps whose keys are the user's. */
const userMaps = new Set(['labels', 'driverOpts']);

export function toDockerCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toDockerCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      ownValue(special, key) ?? key.charAt(0).toUpperCase() + key.slice(1),
      userMaps.has(key) ? inner : toDockerCase(inner),
    ]),
  );
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function endpointPorts(ports: readonly Port[]): unknown {
  return toDockerCase(ports);
}

export function toDockerService(service: ServiceDetail): object {
  const { id, version, createdAt, updatedAt, team, spec, ports, replicas, running } = service;
  return {
    ID: id,
    Version: { Index: version },
    CreatedAt: iso(createdAt),
    UpdatedAt: iso(updatedAt),
    ...(team !== undefined && { Team: team }),
    Spec: toDockerCase(spec),
    Endpoint: { Spec: toDockerCase(spec.endpointSpec), Ports: endpointPorts(ports) },
    ServiceStatus: { RunningTasks: running, DesiredTasks: replicas },
  };
}

export function toDockerTask(task: TaskDetail): object {
  const { id, version, createdAt, labels, spec, serviceId, serviceName, slot, nodeId, hostname } = task;
  return {
    ID: id,
    Version: { Index: version },
    CreatedAt: iso(createdAt),
    UpdatedAt: iso(task.stateAt),
    Name: `${serviceName}.${slot}`,
    Labels: labels,
    ...(task.team !== undefined && { Team: task.team }),
    Spec: toDockerCase(spec),
    ServiceID: serviceId,
    Slot: slot,
    ...(nodeId !== undefined && { NodeID: nodeId, NodeHostname: hostname }),
    Status: {
      Timestamp: iso(task.stateAt),
      State: task.state,
      Message: task.message,
      ...(task.err !== '' && { Err: task.err }),
      ...((task.runId !== undefined || task.exitCode !== undefined) && {
        ContainerStatus: { ContainerID: task.runId ?? '', ExitCode: task.exitCode ?? 0 },
      }),
      PortStatus: { Ports: endpointPorts(task.ports) },
    },
    DesiredState: task.desired,
    SpecVersion: { Index: task.specVersion },
    ...(task.replaces !== undefined && { Replaces: task.replaces }),
  };
}

export function toDockerNode(node: NodeDetail): object {
  const { description } = node;
  return {
    ID: node.id,
    CreatedAt: iso(node.joinedAt),
    UpdatedAt: iso(node.statusAt),
    Spec: { Labels: description.labels, Role: 'worker', Availability: node.availability },
    Description: {
      Hostname: description.hostname,
      Platform: { Architecture: description.platform.architecture, OS: description.platform.os },
      Resources: toDockerCase(description.resources),
      Engine: {
        EngineVersion: description.engine.version,
        Labels: description.engine.labels,
        Backend: description.engine.backend,
      },
    },
    Status: {
      State: node.status,
      ...(node.statusMessage !== '' && { Message: node.statusMessage }),
      ...(description.addr !== undefined && { Addr: description.addr }),
    },
    Reserved: toDockerCase(node.reserved),
    ActiveTasks: node.activeTasks,
    ReportedAt: iso(node.reportedAt),
    ReadsWireVersion: node.reads,
  };
}
