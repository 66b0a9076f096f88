// How decisions about services and their tasks change the state. Returns false when the decision is void: another
// one came first.

import { isDeepStrictEqual } from 'node:util';
import type { EventFact, EventOf, EventType } from '@muster/events';
import { deriveServiceId, parseTaskState, type ServiceSpec, TaskState } from '@muster/model';
import type { Changes } from './changes.ts';
import type { ClusterState, Service, Slot, Task, TaskVersion } from './state.ts';
import {
  hostPortKey,
  indexSlot,
  indexTask,
  isHistory,
  isOver,
  leaveNode,
  setDesired,
  setObserved,
} from './task-transitions.ts';

type FactOf<Type extends EventType> = EventFact<EventOf<Type>>;

export function createService(
  state: ClusterState,
  fact: FactOf<'service.created'>,
  changes: Changes,
): boolean {
  const { event, seq, time } = fact;
  const { spec, serviceId } = event;
  if (!state.intents.has(event.cause) || state.services.has(serviceId) || state.serviceByName.has(spec.name))
    return false;
  if (serviceId !== deriveServiceId(spec.name, event.cause)) return false;
  state.intents.delete(event.cause);
  const service: Service = {
    id: serviceId,
    createdAt: time,
    createdSeq: seq,
    spec,
    specSeq: seq,
    updatedAt: time,
    version: makeVersion(spec, seq),
    removed: false,
    tasks: new Map(),
    slots: new Map(),
    occupiedSlots: 0,
    highestSlot: 0,
    unschedulable: undefined,
    dead: new Set(),
    waiting: new Set(),
    pending: new Set(),
    outdated: new Set(),
    settling: new Set(),
    doubled: new Set(),
    reapable: new Set(),
    crowded: new Set(),
  };
  state.services.set(serviceId, service);
  state.serviceByName.set(spec.name, service);
  changes.services.add(serviceId);
  return true;
}

export function updateService(
  state: ClusterState,
  fact: FactOf<'service.updated'>,
  changes: Changes,
): boolean {
  const { event, seq, time } = fact;
  const service = state.services.get(event.serviceId);
  if (!service || service.removed || !state.intents.delete(event.cause)) return false;
  const before = service.spec;
  service.spec = event.spec;
  service.specSeq = seq;
  service.updatedAt = time;
  changes.services.add(service.id);
  if (sameTasks(before, event.spec)) {
    const sameDelay = before.updateConfig.delay === event.spec.updateConfig.delay;
    if (!sameDelay) for (const slot of service.slots.values()) indexSlot(slot, service);
    return true;
  }
  service.version = makeVersion(event.spec, seq);
  service.unschedulable = undefined;
  for (const task of service.tasks.values()) indexTask(task, changes);
  return true;
}

export function removeService(
  state: ClusterState,
  fact: FactOf<'service.removed'>,
  changes: Changes,
): boolean {
  const { event, seq, time } = fact;
  const service = state.services.get(event.serviceId);
  if (!service || service.removed || !state.intents.delete(event.cause)) return false;
  service.removed = true;
  service.updatedAt = time;
  state.serviceByName.delete(service.spec.name);
  for (const [port, holder] of state.pickedPorts) if (holder === service.id) state.pickedPorts.delete(port);
  for (const task of service.tasks.values()) setDesired(task, TaskState.REMOVE, seq, time, changes);
  changes.services.add(service.id);
  forgetServiceWhenEmpty(state, service);
  return true;
}

export function reconcileService(
  state: ClusterState,
  fact: FactOf<'service.reconciled'>,
  changes: Changes,
): boolean {
  const { event, seq, time } = fact;
  const service = state.services.get(event.serviceId);
  if (!service) return false;
  for (const { id, state: desired } of event.desired) {
    const task = service.tasks.get(id);
    if (task) setDesired(task, parseTaskState(desired)!, seq, time, changes);
  }
  const version = event.specVersion === service.version.seq ? service.version : undefined;
  if (version && !service.removed) {
    for (const created of event.created) createTask(state, service, version, created, seq, time, changes);
  }
  for (const id of event.reaped) {
    const task = service.tasks.get(id);
    if (task && (isOver(task) || isHistory(task))) forgetTask(state, task, changes);
  }
  changes.services.add(service.id);
  forgetServiceWhenEmpty(state, service);
  return true;
}

export function allocateService(
  state: ClusterState,
  fact: FactOf<'service.allocated'>,
  changes: Changes,
): boolean {
  const { event, time } = fact;
  const service = state.services.get(event.serviceId);
  if (!service || service.removed || service.version.seq !== event.specVersion || service.version.ports)
    return false;
  const picked = event.ports.filter((_, index) => service.version.requestedPorts[index]?.publishedPort === 0);
  if (picked.some((port) => (state.pickedPorts.get(hostPortKey(port)) ?? service.id) !== service.id))
    return false;
  for (const [port, holder] of state.pickedPorts) if (holder === service.id) state.pickedPorts.delete(port);
  for (const port of picked) state.pickedPorts.set(hostPortKey(port), service.id);
  service.version.ports = event.ports;
  service.unschedulable = undefined;
  for (const task of service.tasks.values()) {
    if (task.version === service.version && task.observed === TaskState.NEW)
      setObserved(task, TaskState.PENDING, time, changes);
  }
  changes.services.add(service.id);
  return true;
}

/** Shown where the scheduler's reasons are: to a user both say why nothing runs. */
export function noteAllocationFailed(
  state: ClusterState,
  fact: FactOf<'service.allocation_failed'>,
  changes: Changes,
): boolean {
  const { event } = fact;
  const service = state.services.get(event.serviceId);
  if (!service || service.version.seq !== event.specVersion || service.version.ports) return false;
  service.unschedulable = { versionSeq: event.specVersion, message: event.message };
  changes.services.add(service.id);
  return true;
}

export function noteUnschedulable(
  state: ClusterState,
  fact: FactOf<'tasks.unschedulable'>,
  changes: Changes,
): boolean {
  const { event } = fact;
  const service = state.services.get(event.serviceId);
  if (!service || service.version.seq !== event.specVersion) return false;
  service.unschedulable =
    event.message === '' ? undefined : { versionSeq: event.specVersion, message: event.message };
  changes.services.add(service.id);
  return true;
}

function makeVersion(spec: ServiceSpec, seq: number): TaskVersion {
  return { seq, spec: spec.taskTemplate, requestedPorts: spec.endpointSpec.ports, ports: undefined };
}

function sameTasks(before: ServiceSpec, after: ServiceSpec): boolean {
  return (
    isDeepStrictEqual(before.taskTemplate, after.taskTemplate) &&
    isDeepStrictEqual(before.endpointSpec, after.endpointSpec)
  );
}

function createTask(
  state: ClusterState,
  service: Service,
  version: TaskVersion,
  created: EventOf<'service.reconciled'>['created'][number],
  seq: number,
  time: number,
  changes: Changes,
): void {
  if (service.tasks.has(created.id)) return;
  const slot = takeSlot(service, created.slot);
  if (created.generation !== slot.generation + 1) return;
  slot.generation = created.generation;
  if (created.cause === 'restart') noteRestart(slot, version, time);
  if (created.cause === 'update') slot.updatedTo = version.seq;
  if (!slot.occupied) {
    slot.occupied = true;
    service.occupiedSlots += 1;
  }
  const task: Task = {
    id: created.id,
    service,
    slot,
    generation: created.generation,
    version,
    replaces: created.replaces,
    cause: created.cause,
    startAt: created.startAt ?? 0,
    createdAt: time,
    createdSeq: seq,
    node: undefined,
    desired: parseTaskState(created.desired)!,
    observed: version.ports ? TaskState.PENDING : TaskState.NEW,
    observedAt: time,
    desiredAt: time,
    message: '',
    err: '',
    exitCode: undefined,
    runId: '',
    commandSeq: seq,
    statusSeq: seq,
  };
  slot.tasks.push(task);
  service.tasks.set(task.id, task);
  state.tasks.set(task.id, task);
  indexTask(task, changes);
}

export function takeSlot(service: Service, number: number): Slot {
  let slot = service.slots.get(number);
  if (!slot) {
    slot = {
      number,
      generation: 0,
      tasks: [],
      occupied: false,
      restartedAt: [],
      restartsOf: 0,
      updatedTo: 0,
    };
    service.slots.set(number, slot);
    if (number > service.highestSlot) service.highestSlot = number;
  }
  return slot;
}

/** Enough to see a crash loop; more only where attempts are counted. */
const REMEMBERED_RESTARTS = 5;

/** Restart history counts per slot and spec version (SwarmKit's restart supervisor). */
function noteRestart(slot: Slot, { seq, spec }: TaskVersion, time: number): void {
  if (slot.restartsOf !== seq) {
    slot.restartsOf = seq;
    slot.restartedAt = [];
  }
  slot.restartedAt.push(time);
  const kept = Math.max(REMEMBERED_RESTARTS, spec.restartPolicy.maxAttempts);
  if (slot.restartedAt.length > kept) slot.restartedAt.shift();
}

function forgetTask(state: ClusterState, task: Task, changes: Changes): void {
  const { service, slot } = task;
  leaveNode(task);
  task.node?.tasks.delete(task.id);
  service.tasks.delete(task.id);
  state.tasks.delete(task.id);
  slot.tasks.splice(slot.tasks.indexOf(task), 1);
  for (const index of [service.dead, service.waiting, service.pending, service.reapable]) index.delete(task);
  indexSlot(slot, service);
  changes.tasks.add(task.id);
  if (task.node) changes.nodes.add(task.node.id);
}

function forgetServiceWhenEmpty(state: ClusterState, service: Service): void {
  if (!service.removed || service.tasks.size > 0) return;
  state.services.delete(service.id);
  for (const writer of ['orchestrator', 'allocator', 'scheduler']) {
    state.lastSeqs.delete(`muster.event.${writer}.service.${service.id}`);
  }
}
