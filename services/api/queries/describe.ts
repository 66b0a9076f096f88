// From folded state to what the API says of it. Pure.
import { type NetworkAddress, readStored, serviceSpecForm } from '@muster/events';
import {
  DEFAULT_TEAM,
  modeOf,
  nameTask,
  nameTaskState,
  serviceSpecSchema,
  TaskState,
  taskSpecSchema,
  withoutYounger,
} from '@muster/model';
import {
  type ClusterNode,
  type ClusterState,
  countWanted,
  hostPortKey,
  isGlobal,
  placeOfTask,
  type Service,
  type Slot,
  type Task,
  type TaskVersion,
} from '@muster/state';
import type {
  NodeDetail,
  NodeView,
  ServiceDetail,
  ServiceView,
  TaskDetail,
  TaskView,
  UpdateStatus,
} from './views.ts';

export function viewService(service: Service): ServiceView {
  const { spec, version } = service;
  return {
    id: service.id,
    name: spec.name,
    ...teamOf(service),
    mode: modeOf(spec),
    replicas: countWanted(service),
    running: service.runningTasks,
    maxReplicasPerNode: spec.taskTemplate.placement.maxReplicas,
    image: spec.taskTemplate.containerSpec.image,
    labels: spec.labels,
    ports: [...(version.ports ?? version.requestedPorts)],
    createdAt: service.createdAt,
    updatedAt: service.updatedAt,
  };
}

export function teamOf({ team }: Pick<Service, 'team'>): { readonly team?: string } {
  return team === DEFAULT_TEAM ? {} : { team };
}

/** As the cluster could store it: what is shown may be asked for again as it stands. */
export function detailService(service: Service, state: ClusterState): ServiceDetail {
  const wire = state.wireVersion;
  const { unschedulable, previousSpec } = service;
  return {
    ...viewService(service),
    version: service.specSeq,
    createdSeq: service.createdSeq,
    spec: withoutYounger(service.spec, serviceSpecSchema, wire),
    ...(previousSpec && {
      previousSpec: withoutYounger(readStored(serviceSpecForm, previousSpec), serviceSpecSchema, wire),
    }),
    ...describeUpdate(service),
    networks: listTargets(service.version).map((target) => nameNetwork(state, target)),
    virtualAddresses: [...service.addresses],
    removed: service.removed,
    ...(unschedulable && { unschedulable: unschedulable.message }),
  };
}

export function describeUpdate({ update }: Service): { readonly updateStatus?: UpdateStatus } {
  if (!update) return {};
  const { state, message, startedAt, completedAt } = update;
  return { updateStatus: { state, message, startedAt, ...(completedAt !== undefined && { completedAt }) } };
}

export function viewTask(task: Task): TaskView {
  const { service, slot, node, version } = task;
  return {
    id: task.id,
    name: nameTask(service.spec.name, placeOfTask(task), task.id),
    serviceId: service.id,
    serviceName: service.spec.name,
    ...teamOf(service),
    ...viewPlace(slot, placeOfTask(task)),
    generation: task.generation,
    image: version.spec.containerSpec.image,
    ...(node && { nodeId: node.id, hostname: node.description.hostname }),
    desired: nameTaskState(task.desired),
    state: nameTaskState(task.observed),
    stateAt: task.observedAt,
    message: task.message,
    err: errorOf(task),
    ...(task.exitCode !== undefined && { exitCode: task.exitCode }),
    ...(task.replaces !== undefined && { replaces: task.replaces }),
    ports: [...(version.ports ?? [])],
    createdAt: task.createdAt,
  };
}

/** As Docker: a slot has a number only where it is known by that. */
export function viewPlace({ service, number }: Slot, place: string) {
  return isGlobal(service) ? { slot: 0, place } : { slot: number };
}

/** A task that waits for a port or a node has the reason for its error, as in SwarmKit. */
export function errorOf(task: Task): string {
  const { unschedulable } = task.service;
  const waits = task.observed < TaskState.ASSIGNED && unschedulable?.versionSeq === task.version.seq;
  if (task.err !== '') return task.err;
  return waits ? unschedulable.message : explainTaken(task);
}

/** It runs, and is not reached at its node by what its service publishes there. */
function explainTaken({ node, observed, service, version }: Task): string {
  const taken = node?.description.takenPorts ?? [];
  if (observed !== TaskState.RUNNING || taken.length === 0) return '';
  const published = (version.ingress === undefined ? version : service.version).ports ?? [];
  const port = published.map(hostPortKey).find((key) => taken.includes(key));
  return port === undefined
    ? ''
    : `port ${port} is another program's on this node, which does not answer on it`;
}

export function nameNetwork(
  { networks }: ClusterState,
  id: string,
): { readonly id: string; readonly name: string } {
  return { id, name: networks.get(id)?.spec.name ?? id };
}

/** Those that it names, and the ingress network. */
function listTargets({ spec, ingress }: TaskVersion): string[] {
  const named = (spec.networks ?? []).map(({ target }) => target);
  return ingress === undefined ? named : [...named, ingress];
}

export function detailTask(task: Task, state: ClusterState): TaskDetail {
  return {
    ...viewTask(task),
    spec: withoutYounger(task.version.spec, taskSpecSchema, state.wireVersion),
    labels: task.service.spec.labels,
    specVersion: task.version.seq,
    version: Math.max(task.createdSeq, task.commandSeq, task.statusSeq),
    ...(task.runId !== '' && { runId: task.runId }),
    networks: listTargets(task.version).map((target) => ({
      ...nameNetwork(state, target),
      addresses: addressesOn(task.addresses ?? [], target),
    })),
  };
}

export function addressesOn(addresses: readonly NetworkAddress[], id: string): string[] {
  return addresses.filter(({ networkId }) => networkId === id).map(({ address }) => address);
}

export function viewNode(node: ClusterNode): NodeView {
  const { description, spec } = node;
  return {
    id: node.id,
    hostname: description.hostname,
    status: node.status,
    statusMessage: node.statusMessage,
    availability: spec.availability,
    role: spec.role,
    backend: description.engine.backend,
    engineVersion: description.engine.version,
    labels: { ...node.labels },
    resources: description.resources,
    reserved: { ...node.reserved },
    activeTasks: node.activeTasks,
  };
}

export function detailNode(node: ClusterNode): NodeDetail {
  const { description, spec, specSeq: version, reads, joinedAt, statusAt, reportedAt } = node;
  return { ...viewNode(node), version, spec, description, reads, joinedAt, statusAt, reportedAt };
}
