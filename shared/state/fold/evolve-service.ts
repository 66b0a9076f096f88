// How decisions about services and their tasks change the state. Returns false when the decision is void: another
// one came first.

import { type EventFact, type EventOf, type EventType, type Stored, storedOf } from '@muster/events';
import {
  DEFAULT_TEAM,
  deriveServiceId,
  equalJson,
  modeOf,
  parseTaskState,
  type ServiceSpec,
  TaskState,
  usesIngress,
} from '@muster/model';
import { findIngressNetwork, hasItsNetworks } from '../cluster/networks/network-users.ts';
import { findPortConflict, hostPortKey, listClaims } from '../cluster/publishers.ts';
import { isGlobal } from '../cluster/services/global-service.ts';
import { withoutAliases } from '../cluster/services/outdated.ts';
import { bindPlace, indexPlacesOf, unbindAllPlaces } from '../cluster/services/places.ts';
import { indexSlot, indexTask } from '../cluster/services/service-indices.ts';
import type { Slot } from '../cluster/services/slot.ts';
import { type ClusterState, makeService, type Service } from '../cluster/state.ts';
import type { Tables } from '../cluster/tables.ts';
import type { Task } from '../cluster/tasks/task.ts';
import { isHistory, isLive, isOver } from '../cluster/tasks/task-standing.ts';
import { makeVersion, type TaskVersion } from '../cluster/tasks/task-version.ts';
import type { Changes } from './changes.ts';
import { forgetNodeWhenEmpty } from './evolve-node.ts';
import { giveBackOfService, takeForService } from './hold-addresses.ts';
import { leaveNode, noteTask, setDesired, vacate } from './task-transitions.ts';
import { beginUpdate, countToReplace } from './update-progress.ts';
import { indexNewVersion, releaseTasks, removeTasks } from './whole-service.ts';

type FactOf<Type extends EventType> = EventFact<EventOf<Type>>;

export function createService(
  state: ClusterState,
  fact: FactOf<'service.created'>,
  changes: Changes,
): boolean {
  const { event, seq, time } = fact;
  const { spec, serviceId, team = DEFAULT_TEAM } = event;
  if (!state.intents.has(event.cause) || state.services.has(serviceId)) return false;
  if (state.serviceByName.has(team, spec.name) || !hasItsNetworks(state, spec)) return false;
  if (findPortConflict(state, spec.endpointSpec.ports)) return false;
  const clusterId = state.cluster?.id;
  if (serviceId !== deriveServiceId(spec.name, event.cause, { clusterId, team })) return false;
  state.intents.delete(event.cause);
  const { tables } = state;
  const storedSpec = storedOf(fact, 'spec');
  const facts = {
    id: serviceId,
    team,
    createdAt: time,
    createdSeq: seq,
    storedSpec,
    spec,
    specSeq: seq,
    updatedAt: time,
    version: addVersion(state, serviceId, { stored: storedSpec, spec, seq }),
    previousSpec: undefined,
    update: undefined,
    removed: false,
    unschedulable: undefined,
    addresses: [],
  };
  const service = tables.services.add((handle) => makeService(tables, handle, facts));
  state.services.set(serviceId, service);
  state.serviceByName.add(service);
  state.publishers.set(serviceId, spec.endpointSpec.ports);
  if (isGlobal(service)) state.globalServices.add(service);
  indexPlacesOf(state, service);
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
  // A mode is for ever.
  if (!service || service.removed || modeOf(event.spec) !== modeOf(service.spec)) return false;
  if (!hasItsNetworks(state, event.spec)) return false;
  if (findPortConflict(state, event.spec.endpointSpec.ports, service.id)) return false;
  if (!state.intents.delete(event.cause)) return false;
  const left = service.storedSpec;
  changeSpec(state, service, { stored: storedOf(fact, 'spec'), spec: event.spec, seq, time }, changes);
  if (state.wireVersion < UPDATES_SINCE) return true;
  service.previousSpec = left;
  if (countToReplace(service) > 0)
    beginUpdate(
      service,
      { state: 'updating', message: 'update in progress', startedAt: time },
      { seq, time },
    );
  state.publishers.set(service.id, listClaims(service));
  return true;
}

/** The wire version that brought updates as things that are remembered. */
const UPDATES_SINCE = 2;

interface NewSpec {
  readonly stored: Stored;
  readonly spec: ServiceSpec;
  readonly seq: number;
  readonly time: number;
}

/** What was said of an update to the spec before ends with it. */
export function changeSpec(
  state: ClusterState,
  service: Service,
  { stored, spec, seq, time }: NewSpec,
  changes: Changes,
): void {
  const alike = sameTasks(service.spec, spec);
  service.spec = spec;
  service.storedSpec = stored;
  service.specSeq = seq;
  service.updatedAt = time;
  service.update = undefined;
  state.publishers.set(service.id, spec.endpointSpec.ports);
  changes.services.add(service.id);
  if (alike) return;
  const last = service.version;
  service.version = addVersion(state, service.id, { stored, spec, seq });
  forgetVersionWhenUnused(state.tables, service, last);
  service.unschedulable = undefined;
  indexNewVersion(state.tables, service, changes);
  indexPlacesOf(state, service);
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
  state.serviceByName.delete(service);
  state.publishers.delete(service.id);
  state.globalServices.delete(service);
  unbindAllPlaces(service);
  for (const [port, holder] of state.pickedPorts) if (holder === service.id) state.pickedPorts.delete(port);
  giveBackOfService(state.tables.networks, service, changes);
  service.addresses = [];
  removeTasks(state.tables, service, seq, time, changes);
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
  if (findPortConflict(state, picked, service.id)) return false;
  const { networks } = state.tables;
  const { addresses = [] } = event;
  if (!takeForService(networks, service, addresses)) return false;
  giveBackOfService(networks, service, changes, addresses);
  for (const [port, holder] of state.pickedPorts) if (holder === service.id) state.pickedPorts.delete(port);
  for (const port of picked) state.pickedPorts.set(hostPortKey(port), service.id);
  service.version.ports = event.ports;
  service.addresses = addresses;
  service.unschedulable = undefined;
  releaseTasks(state.tables, service, time, changes);
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

function addVersion(
  state: ClusterState,
  serviceId: string,
  { stored: storedSpec, spec, seq }: Pick<NewSpec, 'stored' | 'spec' | 'seq'>,
): TaskVersion {
  const ingress = usesIngress(spec) ? findIngressNetwork(state)?.id : undefined;
  return state.tables.versions.add((handle) =>
    makeVersion({ handle, serviceId, seq, storedSpec, ingress, ports: undefined }),
  );
}

function forgetVersionWhenUnused(tables: Tables, service: Service, version: TaskVersion): void {
  if (version !== service.version && version.tasks === 0) tables.versions.release(version.handle);
}

function sameTasks(before: ServiceSpec, after: ServiceSpec): boolean {
  if (!equalJson(before.endpointSpec, after.endpointSpec)) return false;
  return equalJson(withoutAliases(before.taskTemplate), withoutAliases(after.taskTemplate));
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
  // An id is taken once, whoever's it is.
  if (state.tasks.has(created.id)) return;
  const slot = takeSlot(state.tables, service, created.slot);
  if (created.generation !== slot.generation + 1) return;
  if (isGlobal(service) && !takePlace(state, service, slot, created.node)) return;
  slot.generation = created.generation;
  if (created.cause === 'restart') noteRestart(slot, version, time);
  if (created.cause === 'update') slot.updatedTo = version.seq;
  if (!slot.occupied) {
    slot.occupied = true;
    service.occupiedSlots += 1;
  }
  const older = slot.newest;
  const task = state.tables.addTask({
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
    desired: mayStillRun(older, seq) ? TaskState.READY : parseTaskState(created.desired)!,
    observed: version.ports ? TaskState.PENDING : TaskState.NEW,
  });
  task.older = older;
  slot.newestRow = task.row;
  service.tasks.size += 1;
  version.tasks += 1;
  indexTask(task);
  noteTask(task, changes);
}

/** Whether the slot of a global service belongs to the node, or does so from here on. */
function takePlace(state: ClusterState, service: Service, slot: Slot, nodeId: string | undefined): boolean {
  const node = nodeId === undefined ? undefined : state.nodes.get(nodeId);
  if (!node) return false;
  if (slot.node) return slot.node === node;
  if (service.places.has(node.handle)) return false;
  bindPlace(service, slot, node);
  return true;
}

/**
 * What this decision stops before it starts another in its place may have been given to a node since the decision was
 * made. The other one then waits for it to end.
 */
function mayStillRun(older: Task | undefined, seq: number): boolean {
  if (!older || isLive(older) || older.commandSeq !== seq) return false;
  return !isOver(older) && older.node?.status !== 'down';
}

export function takeSlot(tables: Tables, service: Service, number: number): Slot {
  const known = service.slots.get(number);
  if (known) return known;
  const slot = tables.addSlot(service, number);
  service.slots.set(number, slot);
  if (number > service.highestSlot) service.highestSlot = number;
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
  const kept = Math.max(REMEMBERED_RESTARTS, spec.restartPolicy.maxAttempts);
  slot.restartedAt = [...slot.restartedAt, time].slice(-kept);
}

function forgetTask(state: ClusterState, task: Task, changes: Changes): void {
  const { tables } = state;
  const { service, slot, version, node, id } = task;
  leaveNode(task);
  node?.tasks.delete(task);
  for (const index of [service.dead, service.waiting, service.pending, service.reapable])
    index.deleteRow(task.row);
  // Nobody forgets the task that holds a slot; where somebody did, the slot is free.
  if (slot.node === undefined) vacate(task, slot);
  unlinkFromSlot(task, slot);
  service.tasks.size -= 1;
  version.tasks -= 1;
  forgetVersionWhenUnused(tables, service, version);
  tables.forgetTask(task);
  indexSlot(slot);
  changes.tasks.add(id);
  if (!node) return;
  changes.nodes.add(node.id);
  forgetNodeWhenEmpty(state, node);
}

function unlinkFromSlot(task: Task, slot: Slot): void {
  if (slot.newestRow === task.row) {
    slot.newestRow = task.older?.row ?? 0;
    return;
  }
  let newer = slot.newest!;
  while (newer.olderRow !== task.row) newer = newer.older!;
  newer.older = task.older;
}

function forgetServiceWhenEmpty(state: ClusterState, service: Service): void {
  if (!service.removed || service.tasks.size > 0) return;
  const { tables } = state;
  for (const slot of service.slots.values()) tables.slots.release(slot.row);
  tables.versions.release(service.version.handle);
  tables.services.release(service.handle);
  state.services.delete(service.id);
  for (const writer of ['orchestrator', 'allocator', 'scheduler']) {
    state.lastSeqs.delete(`muster.event.${writer}.service.${service.id}`);
  }
}
