// Objects as Docker's API shows them: its names, its nesting, its times. What `inspect` prints. Pure.
import {
  type NodeDetail,
  placeOf,
  type ServiceDetail,
  type TaskDetail,
  type UpdateStatus,
} from '@muster/api';
import { ownValue, type Port, serviceSpecSchema, taskSpecSchema } from '@muster/model';
import type { z } from 'zod';
import { userMap, withOmitted } from './go-template/known-fields.ts';
import { managerStatusOf } from './node-list.ts';

/** Names that are more than a capital letter away. */
const special: Readonly<Record<string, string>> = { nanoCpus: 'NanoCPUs', tty: 'TTY' };
/** Maps whose keys are the user's. */
const userMaps = new Set(['labels', 'driverOpts']);

function toDockerName(key: string): string {
  return ownValue(special, key) ?? key.charAt(0).toUpperCase() + key.slice(1);
}

export function toDockerCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toDockerCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      toDockerName(key),
      userMaps.has(key) ? userMap(inner as Record<string, unknown>) : toDockerCase(inner),
    ]),
  );
}

/** The same, with all that the schema knows of for templates to find. */
function toDockerForm(value: unknown, schema: z.core.$ZodType): unknown {
  const shown = toDockerCase(value);
  noteOmitted(shown, schema);
  return shown;
}

function noteOmitted(shown: unknown, schema: z.core.$ZodType): void {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
      noteOmitted(shown, def.innerType);
      return;
    case 'array':
      for (const item of Array.isArray(shown) ? shown : []) noteOmitted(item, def.element);
      return;
    case 'object': {
      if (typeof shown !== 'object' || shown === null) return;
      for (const [key, field] of Object.entries(def.shape)) {
        const name = toDockerName(key);
        withOmitted(shown, { [name]: emptyOf(field) });
        noteOmitted(ownValue(shown as Record<string, unknown>, name), field);
      }
    }
  }
}

/** What Go has for a field that nobody has set. */
function emptyOf(schema: z.core.$ZodType): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
      return emptyOf(def.innerType);
    case 'array':
      return [];
    case 'record':
      return userMap({});
    case 'object':
      return {};
    case 'boolean':
      return false;
    case 'number':
    case 'pipe':
      return 0;
    default:
      return '';
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function endpointPorts(ports: readonly Port[]): unknown {
  return toDockerCase(ports);
}

export function toDockerService(service: ServiceDetail): object {
  const { id, version, createdAt, updatedAt, team, spec, ports, replicas, running } = service;
  const { previousSpec, updateStatus, virtualAddresses } = service;
  const shown = {
    ID: id,
    Version: { Index: version },
    CreatedAt: iso(createdAt),
    UpdatedAt: iso(updatedAt),
    ...(team !== undefined && { Team: team }),
    Spec: toDockerForm(spec, serviceSpecSchema),
    ...(previousSpec && { PreviousSpec: toDockerForm(previousSpec, serviceSpecSchema) }),
    Endpoint: withOmitted(
      {
        Spec: toDockerCase(spec.endpointSpec),
        Ports: endpointPorts(ports),
        ...(virtualAddresses.length > 0 && {
          VirtualIPs: virtualAddresses.map(({ networkId, address }) => ({
            NetworkID: networkId,
            Addr: address,
          })),
        }),
      },
      { VirtualIPs: [] },
    ),
    ...(updateStatus && { UpdateStatus: toDockerUpdateStatus(updateStatus) }),
    ServiceStatus: { RunningTasks: running, DesiredTasks: replicas },
  };
  return withOmitted(shown, { Team: '', PreviousSpec: {}, UpdateStatus: {} });
}

function toDockerUpdateStatus({ state, startedAt, completedAt, message }: UpdateStatus): object {
  const shown = {
    State: state,
    StartedAt: iso(startedAt),
    ...(completedAt !== undefined && { CompletedAt: iso(completedAt) }),
    Message: message,
  };
  return withOmitted(shown, { CompletedAt: '' });
}

export function toDockerTask(task: TaskDetail): object {
  const { id, version, createdAt, labels, spec, serviceId, serviceName, slot, nodeId, hostname } = task;
  const status = {
    Timestamp: iso(task.stateAt),
    State: task.state,
    Message: task.message,
    ...(task.err !== '' && { Err: task.err }),
    ...((task.runId !== undefined || task.exitCode !== undefined) && {
      ContainerStatus: { ContainerID: task.runId ?? '', ExitCode: task.exitCode ?? 0 },
    }),
    PortStatus: { Ports: endpointPorts(task.ports) },
  };
  const shown = {
    ID: id,
    Version: { Index: version },
    CreatedAt: iso(createdAt),
    UpdatedAt: iso(task.stateAt),
    Name: `${serviceName}.${placeOf(task)}`,
    Labels: userMap(labels),
    ...(task.team !== undefined && { Team: task.team }),
    Spec: toDockerForm(spec, taskSpecSchema),
    ServiceID: serviceId,
    ...(slot > 0 && { Slot: slot }),
    ...(nodeId !== undefined && { NodeID: nodeId, NodeHostname: hostname }),
    Status: withOmitted(status, { Err: '', ContainerStatus: { ContainerID: '', ExitCode: 0 } }),
    ...(task.networks.length > 0 && {
      NetworksAttachments: task.networks.map(({ id: ID, name: Name, addresses }) => ({
        Network: { ID, Spec: { Name } },
        Addresses: addresses,
      })),
    }),
    DesiredState: task.desired,
    SpecVersion: { Index: task.specVersion },
    ...(task.replaces !== undefined && { Replaces: task.replaces }),
  };
  return withOmitted(shown, {
    Team: '',
    Slot: 0,
    NodeID: '',
    NodeHostname: '',
    NetworksAttachments: [],
    Replaces: '',
  });
}

export function toDockerNode(node: NodeDetail): object {
  const { description, spec } = node;
  const status = {
    State: node.status,
    ...(node.statusMessage !== '' && { Message: node.statusMessage }),
    ...(description.addr !== undefined && { Addr: description.addr }),
    // Ours: published ports that another program has there.
    ...(description.takenPorts && { TakenPorts: description.takenPorts }),
  };
  const shown = {
    ID: node.id,
    Version: { Index: node.version },
    CreatedAt: iso(node.joinedAt),
    UpdatedAt: iso(node.statusAt),
    Spec: { Labels: userMap(spec.labels), Role: spec.role, Availability: spec.availability },
    Description: {
      Hostname: description.hostname,
      Platform: { Architecture: description.platform.architecture, OS: description.platform.os },
      Resources: toDockerCase(description.resources),
      // What the agent was started with: constraints see these where the spec has no other.
      Labels: userMap(description.labels),
      Engine: {
        EngineVersion: description.engine.version,
        Labels: userMap(description.engine.labels),
        Backend: description.engine.backend,
      },
    },
    Status: withOmitted(status, { Message: '', Addr: '', TakenPorts: [] }),
    Reserved: toDockerCase(node.reserved),
    ActiveTasks: node.activeTasks,
    ReportedAt: iso(node.reportedAt),
    ReadsWireVersion: node.reads,
    ...(node.role === 'manager' && {
      ManagerStatus: { Reachability: managerStatusOf(node).toLowerCase() },
    }),
  };
  return withOmitted(shown, { ManagerStatus: { Reachability: '' } });
}
