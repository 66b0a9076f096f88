// State as rows of JSON, one for each object: what the state hash is made of, object by object and in any order. What is
// absent is left out, and forms are as they were stored: a field that comes later changes no hash of a log without it.
// A younger column of a task or slot goes into one object at the end of its row, left out while it is empty.
import { DEFAULT_TEAM } from '@muster/model';
import type { Slot } from '../cluster/slot.ts';
import type { ClusterNode, ClusterState, Service, TaskVersion } from '../cluster/state.ts';
import type { Tables } from '../cluster/tables.ts';
import type { Task } from '../cluster/task.ts';

export type Row = readonly [kind: string, ...fields: unknown[]];

/** Every row of the state. */
export function* listRows(state: ClusterState): Generator<Row> {
  yield* listObjectRows(state);
  yield* listTableRows(state.tables);
}

/** All but slots and tasks. What they are made of never changes afterwards, whatever becomes of the state. */
export function* listObjectRows(state: ClusterState): Generator<Row> {
  yield headRow(state);
  if (state.losses.length > 0 || state.basisOffset > 0)
    yield ['losses', state.basisOffset, [...state.losses]];
  if (state.voided.size > 0) yield ['voided', [...state.voided]];
  if (state.sessionsOver.size > 0) yield ['sessions over', [...state.sessionsOver]];
  for (const [, node] of state.tables.nodes) yield nodeRow(node);
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

function headRow(state: ClusterState): Row {
  const { head, headTime, digest, conflicts, astray, halted, cluster, wireVersion } = state;
  return [
    'head',
    {
      head,
      headTime,
      digest,
      conflicts,
      astray,
      halted: halted?.reason,
      cluster,
      ...younger({ wireVersion }),
    },
  ];
}

function nodeRow(node: ClusterNode): Row {
  const { id, joinedAt, storedDescription, status, statusMessage, statusAt, session, reportedAt, reads } =
    node;
  const { straysOmitted, storedSpec, specSeq, evicted, removed } = node;
  const strays = [...node.strays].sort();
  const { content: description, wire } = storedDescription;
  const facts = { id, joinedAt, description, status, statusMessage, statusAt, session, reportedAt, strays };
  return [
    'node',
    {
      ...facts,
      ...younger({ wire, reads }),
      ...(straysOmitted > 0 && { straysOmitted }),
      ...(storedSpec && { spec: storedSpec, specSeq }),
      ...(evicted.size > 0 && { evicted: [...evicted] }),
      ...(removed && { removed }),
    },
  ];
}

function serviceRow(service: Service): Row {
  const { id, team, createdAt, createdSeq, storedSpec, specSeq, updatedAt, removed, unschedulable } = service;
  const { previousSpec, update } = service;
  const versionSeq = service.version.seq;
  const { content: spec, wire } = storedSpec;
  const facts = {
    id,
    team: team === DEFAULT_TEAM ? undefined : team,
    createdAt,
    createdSeq,
    spec,
    specSeq,
    updatedAt,
    versionSeq,
    removed,
    unschedulable,
  };
  return [
    'service',
    { ...facts, ...younger({ wire }), ...(previousSpec && { previousSpec }), ...(update && { update }) },
  ];
}

function versionRow({ serviceId, seq, storedSpec: { content: spec, wire }, ports }: TaskVersion): Row {
  return ['version', { serviceId, seq, spec, ports, ...younger({ wire }) }];
}

/** Wire versions, left out where they are the first. */
function younger(versions: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(versions).filter(([, version]) => version > 1));
}

function slotRow(slot: Slot): Row {
  const { service, number, generation, occupied, restartedAt, restartsOf, updatedTo, node } = slot;
  const row = ['slot', service.id, number, generation, occupied, restartedAt, restartsOf, updatedTo] as const;
  return node === undefined ? row : [...row, { node: node.id }];
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
