// How reports of agents and decisions about nodes change the state. Returns false when the decision is void.
import {
  type EventFact,
  type EventOf,
  type EventType,
  eventSubject,
  storedOf,
  writers,
} from '@muster/events';
import { equalJson, isTerminal, parseTaskState, TaskState } from '@muster/model';
import { labelsOf, setNodeSpec } from '../cluster/node-spec.ts';
import { indexAllPlaces, indexPlacesOn, placeOn, unbindPlace } from '../cluster/services/places.ts';
import { indexTask } from '../cluster/services/service-indices.ts';
import { type ClusterNode, type ClusterState, makeNode } from '../cluster/state.ts';
import { evict } from '../cluster/tasks/evicted.ts';
import type { Task } from '../cluster/tasks/task.ts';
import { isLive } from '../cluster/tasks/task-standing.ts';
import { shareText } from '../columns/shared-text.ts';
import type { Changes } from './changes.ts';
import { giveBackOfNode } from './hold-addresses.ts';
import { noteStranger } from './strangers.ts';
import { assignTask, noteTask, setDesired, setObserved, setReady } from './task-transitions.ts';

type FactOf<Type extends EventType> = EventFact<EventOf<Type>>;

export function joinNode(state: ClusterState, fact: FactOf<'node.joined'>, changes: Changes): boolean {
  const { event, time } = fact;
  if (state.sessionsOver.get(event.nodeId) === event.session) return false;
  const returned = readmit(state, event.nodeId, fact);
  const known = returned ?? state.nodes.get(event.nodeId);
  changes.nodes.add(event.nodeId);
  if (known) {
    const changed = !equalJson(known.description, event.description);
    const { backend } = known.description.engine;
    known.description = event.description;
    known.storedDescription = storedOf(fact, 'description');
    known.labels = labelsOf(known.description, known.spec);
    known.session = event.session;
    known.reads = event.reads ?? 1;
    known.reportedAt = time;
    // It may no longer meet the constraints by which an update spared its tasks.
    if (changed || returned) {
      if (state.wireVersion >= EVICTS_SINCE) evict(known);
      indexStanding(state, known, changes);
    }
    moveBackend(state, returned ? undefined : backend, event.description.engine.backend, changes);
    return true;
  }
  const { tables } = state;
  const facts = {
    id: event.nodeId,
    joinedAt: time,
    storedDescription: storedOf(fact, 'description'),
    description: event.description,
    storedSpec: undefined,
    specSeq: fact.seq,
    status: 'unknown',
    statusMessage: 'joined, no heartbeat yet',
    statusAt: time,
    session: event.session,
    reads: event.reads ?? 1,
    reportedAt: time,
  } as const;
  const node = tables.nodes.add((handle) => makeNode(tables, handle, facts, []));
  state.nodes.set(node.id, node);
  indexStanding(state, node, changes);
  moveBackend(state, undefined, event.description.engine.backend, changes);
  return true;
}

/** The wire version that brought it: what older logs tell of kept its tasks. */
const EVICTS_SINCE = 2;

/** One that was removed is a new node, which some remembered tasks were on. */
function readmit(
  state: ClusterState,
  id: string,
  { seq, time }: FactOf<'node.joined'>,
): ClusterNode | undefined {
  const node = state.removedNodes.get(id);
  if (!node) return undefined;
  state.removedNodes.delete(id);
  state.nodes.set(id, node);
  setNodeSpec(node, undefined, seq);
  for (const task of node.tasks.values()) state.tables.countTask(task, -1);
  Object.assign(node, {
    removed: false,
    joinedAt: time,
    status: 'unknown',
    statusMessage: 'joined, no heartbeat yet',
    statusAt: time,
  });
  for (const task of node.tasks.values()) state.tables.countTask(task, 1);
  return node;
}

export function updateNode(state: ClusterState, fact: FactOf<'node.updated'>, changes: Changes): boolean {
  const { event, seq } = fact;
  const node = state.nodes.get(event.nodeId);
  if (!node || !state.intents.delete(event.cause)) return false;
  setNodeSpec(node, storedOf(fact, 'spec'), seq);
  evict(node);
  changes.nodes.add(node.id);
  indexStanding(state, node, changes);
  return true;
}

/**
 * SwarmKit (controlapi/node.go, RemoveNode): what it ran, or was to run and nobody else may, is taken for lost; a global
 * service has no place there any more, nor tasks that were in it.
 */
export function removeNode(state: ClusterState, fact: FactOf<'node.removed'>, changes: Changes): boolean {
  const { event, seq, time } = fact;
  const node = state.nodes.get(event.nodeId);
  if (!node || !state.intents.delete(event.cause)) return false;
  const orphan = (task: Task) =>
    isTerminal(task.observed) || setObserved(task, TaskState.ORPHANED, seq, time, changes);
  for (const task of node.tasks.values()) orphan(task);
  node.removed = true;
  node.strays.clear();
  node.straysOmitted = 0;
  node.evicted = new Set();
  noteSessionOver(state, node);
  state.nodes.delete(node.id);
  state.removedNodes.set(node.id, node);
  changes.nodes.add(node.id);
  for (const service of state.globalServices) {
    for (const task of placeOn(service, node)?.tasks ?? []) {
      orphan(task);
      setDesired(task, TaskState.REMOVE, seq, time, changes);
    }
    unbindPlace(service, node);
    changes.services.add(service.id);
  }
  giveBackOfNode(state.tables.networks, node, changes);
  moveBackend(state, node.description.engine.backend, undefined, changes);
  keepLastSeqs(state, node);
  forgetNodeWhenEmpty(state, node);
  return true;
}

/** A node of the cluster has another backend than before; undefined while it is no part of the cluster. */
function moveBackend(
  state: ClusterState,
  before: string | undefined,
  after: string | undefined,
  changes: Changes,
): void {
  if (before === after) return;
  const { backends } = state.tables;
  const isLast = before !== undefined && backends.delete(before);
  const isFirst = after !== undefined && backends.add(after);
  if (isLast || isFirst) indexAllPlaces(state, ({ id }) => changes.services.add(id));
}

/** It may join again, and be decided about on the same subjects. */
function keepLastSeqs(state: ClusterState, { id }: ClusterNode): void {
  for (const writer of writers) {
    const subject = eventSubject(writer, 'node', id);
    if (state.lastSeqs.has(subject)) noteStranger(state, subject);
  }
}

/** As long as an agent may be away and have something to tell, within reason. */
const MAX_SESSIONS_OVER = 1_000;

/** An agent that has not heard of it may describe its node anew. Joining again takes a start, and so another session. */
function noteSessionOver({ sessionsOver }: ClusterState, { id, session }: ClusterNode): void {
  sessionsOver.delete(id);
  sessionsOver.set(id, session);
  for (const oldest of sessionsOver.keys()) {
    if (sessionsOver.size <= MAX_SESSIONS_OVER) return;
    sessionsOver.delete(oldest);
  }
}

export function forgetNodeWhenEmpty(state: ClusterState, node: ClusterNode): void {
  if (!node.removed || node.tasks.size > 0) return;
  state.removedNodes.delete(node.id);
  state.tables.nodes.release(node.handle);
}

export function reportTasks(state: ClusterState, fact: FactOf<'tasks.reported'>, changes: Changes): boolean {
  const { event, seq, time } = fact;
  const node = state.nodes.get(event.nodeId);
  if (!node) return false;
  node.reportedAt = time;
  changes.nodes.add(node.id);
  for (const status of event.statuses) {
    const task = node.tasks.get(status.id);
    if (!task) {
      noteStray(node, status.id);
      continue;
    }
    const observed = parseTaskState(status.state)!;
    const rises = setObserved(task, observed, seq, time, changes);
    // The one thing that may change while the state stays the same.
    const turns = task.observed === observed && setReady(task, status.ready ?? true, changes);
    if (!rises && !turns) continue;
    task.statusSeq = seq;
    task.message = shareText(shorten(status.message ?? ''));
    task.err = shorten(status.err ?? '');
    if (status.exitCode !== undefined) task.exitCode = status.exitCode;
    if (status.runId !== undefined) task.runId = copyBeginning(status.runId, MAX_RUN_ID_LENGTH);
  }
  for (const id of event.gone) node.strays.delete(id);
  return true;
}

/** As many as it has tasks, and some more: what an agent leaves behind here is bounded by what it was given. */
const SPARE_STRAYS = 1_000;
const possibleId = /^[\w-]{1,64}$/;

/** The others are told of again when the agent starts again, and by then these may be gone. */
function noteStray(node: ClusterNode, id: string): void {
  if (node.strays.has(id)) return;
  const hasRoom = node.strays.size < node.tasks.size + SPARE_STRAYS;
  if (hasRoom && possibleId.test(id)) node.strays.add(id);
  else node.straysOmitted += 1;
}

/** Agents cut what may be long; an agent may be anybody's. */
const MAX_TEXT_LENGTH = 8_192;
const MAX_RUN_ID_LENGTH = 256;

function shorten(text: string): string {
  if (text.length <= MAX_TEXT_LENGTH) return text;
  return `${copyBeginning(text, MAX_TEXT_LENGTH)}… (${text.length} characters)`;
}

/** A slice would keep the whole text in memory. */
function copyBeginning(text: string, length: number): string {
  return JSON.parse(JSON.stringify(text.slice(0, length)));
}

export function assignTasks(state: ClusterState, fact: FactOf<'tasks.assigned'>, changes: Changes): boolean {
  const { event, seq, time } = fact;
  const node = state.nodes.get(event.nodeId);
  if (!node) return false;
  let stands = 0;
  for (const id of event.tasks) {
    const task = state.tasks.get(id);
    // The first assignment in log order stands.
    if (!task || task.node || task.observed !== TaskState.PENDING || !isLive(task)) continue;
    assignTask(task, node, seq, time, changes);
    node.strays.delete(id);
    if (task.service.pending.size === 0) task.service.unschedulable = undefined;
    stands += 1;
  }
  changes.nodes.add(node.id);
  return stands > 0;
}

export function changeNodeStatus(
  state: ClusterState,
  fact: FactOf<'node.status_changed'>,
  changes: Changes,
): boolean {
  const { event, time } = fact;
  const node = state.nodes.get(event.nodeId);
  if (!node) return false;
  const flips = (node.status === 'down') !== (event.status === 'down');
  if (flips) for (const task of node.tasks.values()) state.tables.countTask(task, -1);
  node.status = event.status;
  node.statusMessage = event.message;
  node.statusAt = time;
  changes.nodes.add(node.id);
  if (!flips) return true;
  for (const task of node.tasks.values()) state.tables.countTask(task, 1);
  indexStanding(state, node, changes);
  return true;
}

export function orphanTasks(state: ClusterState, fact: FactOf<'tasks.orphaned'>, changes: Changes): boolean {
  const { event, seq, time } = fact;
  const node = state.nodes.get(event.nodeId);
  if (!node) return false;
  for (const id of event.tasks) {
    const task = node.tasks.get(id);
    if (task) setObserved(task, TaskState.ORPHANED, seq, time, changes);
  }
  return true;
}

/** What a task shows as its error when its node can not be told of it. */
export function undeliveredError(reason: string): string {
  return `its node can not be told: ${reason}`;
}

/** Stands until the node speaks of the task itself, which is the better word. */
export function noteUndelivered(
  state: ClusterState,
  fact: FactOf<'tasks.undelivered'>,
  changes: Changes,
): boolean {
  const { event } = fact;
  const node = state.nodes.get(event.nodeId);
  if (!node) return false;
  const err = undeliveredError(event.reason);
  let stands = 0;
  for (const id of event.tasks) {
    const task = node.tasks.get(id);
    if (task?.observed !== TaskState.ASSIGNED) continue;
    task.err = err;
    changes.tasks.add(id);
    stands += 1;
  }
  changes.nodes.add(node.id);
  return stands > 0;
}

/** The node, or what is wanted of it, is another: who is there may have to leave, and who is not may have to come. */
function indexStanding(state: ClusterState, node: ClusterNode, changes: Changes): void {
  for (const task of node.tasks.values()) {
    indexTask(task);
    noteTask(task, changes);
  }
  indexPlacesOn(state, node, ({ id }) => changes.services.add(id));
}
