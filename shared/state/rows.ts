// State as rows of JSON, one for each object: what the state hash is made of, object by object and in any order.
import type { Slot } from './slot.ts';
import type { ClusterNode, ClusterState, Service, TaskVersion } from './state.ts';
import type { Tables } from './tables.ts';
import type { Task } from './task.ts';

export type Row = readonly [kind: string, ...fields: unknown[]];

/** Every row of the state. */
export function* listRows(state: ClusterState): Generator<Row> {
  yield* listObjectRows(state);
  yield* listTableRows(state.tables);
}

/** All but slots and tasks. What they are made of never changes afterwards, whatever becomes of the state. */
export function* listObjectRows(state: ClusterState): Generator<Row> {
  const { head, headTime, digest, conflicts, astray, halted } = state;
  yield ['head', head, headTime, digest, conflicts, astray, halted ?? null];
  for (const node of state.nodes.values()) yield nodeRow(node);
  for (const service of state.services.values()) yield serviceRow(service);
  for (const [, version] of state.tables.versions) yield versionRow(version);
  for (const intent of state.intents.values()) yield ['intent', intent];
  for (const [seq, poison] of state.poison) yield ['poison', seq, poison];
  for (const [subject, seq] of state.lastSeqs) yield ['last', subject, seq];
  for (const [port, holder] of state.pickedPorts) yield ['port', port, holder];
}

export function* listTableRows(tables: Tables): Generator<Row> {
  for (const row of tables.slots.rows()) yield slotRow(tables.slotAt(row));
  for (const row of tables.tasks.rows()) yield taskRow(tables.taskAt(row));
}

function nodeRow(node: ClusterNode): Row {
  const { id, joinedAt, description, status, statusMessage, statusAt, session, reportedAt } = node;
  const strays = [...node.strays].sort();
  return [
    'node',
    { id, joinedAt, description, status, statusMessage, statusAt, session, reportedAt, strays },
  ];
}

/** Without the actor, which is younger than the hash: recorded logs keep theirs for ever. */
function serviceRow(service: Service): Row {
  const { id, createdAt, createdSeq, spec, specSeq, updatedAt, removed } = service;
  const versionSeq = service.version.seq;
  const unschedulable = service.unschedulable ?? null;
  return [
    'service',
    { id, createdAt, createdSeq, spec, specSeq, updatedAt, versionSeq, removed, unschedulable },
  ];
}

function versionRow({ serviceId, seq, spec, requestedPorts, ports }: TaskVersion): Row {
  return ['version', serviceId, seq, spec, requestedPorts, ports ?? null];
}

function slotRow({ service, number, generation, occupied, restartedAt, restartsOf, updatedTo }: Slot): Row {
  return ['slot', service.id, number, generation, occupied, restartedAt, restartsOf, updatedTo];
}

function taskRow(task: Task): Row {
  return [
    'task',
    task.id,
    task.service.id,
    task.slot.number,
    task.generation,
    task.version.seq,
    task.replaces ?? null,
    task.cause ?? null,
    task.startAt,
    task.createdAt,
    task.createdSeq,
    task.node?.id ?? null,
    task.desired,
    task.observed,
    task.observedAt,
    task.desiredAt,
    task.message,
    task.err,
    task.exitCode ?? null,
    task.runId,
    task.commandSeq,
    task.statusSeq,
  ];
}
