// State as rows of JSON: what a snapshot stores and what the state hash is made of. One row an object, so that the
// hash can be summed object by object, in any order.
import type { IntentFact } from '@muster/events';
import type { TaskState } from '@muster/model';
import { createChanges } from './changes.ts';
import {
  type ClusterNode,
  type ClusterState,
  createState,
  type Service,
  type Slot,
  type Task,
  type TaskVersion,
} from './state.ts';
import { enterNode, indexSlot, indexTask } from './task-transitions.ts';

export type Row = readonly [kind: string, ...fields: unknown[]];

/** Every row of the state. Objects come before the objects that refer to them. */
export function* listRows(state: ClusterState): Generator<Row> {
  yield ['head', state.head, state.headTime, state.conflicts, state.halted ?? null];
  for (const node of state.nodes.values()) yield nodeRow(node);
  for (const service of state.services.values()) {
    yield serviceRow(service);
    for (const version of listVersions(service)) yield versionRow(service, version);
    for (const slot of service.slots.values()) yield slotRow(service, slot);
  }
  for (const service of state.services.values()) {
    for (const slot of service.slots.values()) for (const task of slot.tasks) yield taskRow(task);
  }
  for (const intent of state.intents.values()) yield ['intent', intent];
  for (const [seq, poison] of state.poison) yield ['poison', seq, poison];
  for (const [subject, seq] of state.lastSeqs) yield ['last', subject, seq];
  for (const [port, holder] of state.pickedPorts) yield ['port', port, holder];
}

function listVersions(service: Service): Set<TaskVersion> {
  const versions = new Set([service.version]);
  for (const task of service.tasks.values()) versions.add(task.version);
  return versions;
}

function nodeRow(node: ClusterNode): Row {
  const { id, joinedAt, description, status, statusMessage, statusAt, session, reportedAt, strays } = node;
  return [
    'node',
    {
      id,
      joinedAt,
      description,
      status,
      statusMessage,
      statusAt,
      session,
      reportedAt,
      strays: [...strays].sort(),
    },
  ];
}

function serviceRow(service: Service): Row {
  const { id, createdAt, createdSeq, spec, specSeq, updatedAt, removed, unschedulable } = service;
  const versionSeq = service.version.seq;
  return [
    'service',
    {
      id,
      createdAt,
      createdSeq,
      spec,
      specSeq,
      updatedAt,
      versionSeq,
      removed,
      unschedulable: unschedulable ?? null,
    },
  ];
}

function versionRow(service: Service, { seq, spec, requestedPorts, ports }: TaskVersion): Row {
  return ['version', service.id, seq, spec, requestedPorts, ports ?? null];
}

function slotRow(service: Service, slot: Slot): Row {
  const { number, generation, occupied, restartedAt, restartsOf, updatedTo } = slot;
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

/** Builds the state back from its rows, indices included. Throws when the rows don't fit together. */
export function restoreRows(rows: Iterable<Row>): ClusterState {
  const state = createState();
  const versions = new Map<string, TaskVersion>();
  const currentVersion = new Map<Service, number>();
  for (const row of rows) restoreRow(state, row, versions, currentVersion);
  const changes = createChanges();
  for (const service of state.services.values()) {
    service.version = versions.get(`${service.id} ${currentVersion.get(service)}`)!;
    for (const slot of service.slots.values()) {
      if (slot.tasks.length === 0) indexSlot(slot, service);
      for (const task of slot.tasks) indexTask(task, changes);
    }
  }
  return state;
}

function restoreRow(
  state: ClusterState,
  row: Row,
  versions: Map<string, TaskVersion>,
  currentVersion: Map<Service, number>,
): void {
  switch (row[0]) {
    case 'head': {
      const [, head, headTime, conflicts, halted] = row as readonly [
        string,
        number,
        number,
        number,
        string | null,
      ];
      Object.assign(state, { head, headTime, conflicts, halted: halted ?? undefined });
      return;
    }
    case 'node': {
      const fields = row[1] as Omit<ClusterNode, 'strays'> & { strays: string[] };
      state.nodes.set(fields.id, {
        ...fields,
        tasks: new Map(),
        reserved: { nanoCpus: 0, memoryBytes: 0 },
        activeTasks: 0,
        activeByService: new Map(),
        hostPorts: new Map(),
        strays: new Set(fields.strays),
      });
      return;
    }
    case 'service': {
      const { versionSeq, unschedulable, ...fields } = row[1] as Service & { versionSeq: number };
      const service: Service = {
        ...fields,
        unschedulable: unschedulable ?? undefined,
        tasks: new Map(),
        slots: new Map(),
        occupiedSlots: 0,
        highestSlot: 0,
        dead: new Set(),
        waiting: new Set(),
        pending: new Set(),
        outdated: new Set(),
        settling: new Set(),
        doubled: new Set(),
        reapable: new Set(),
        crowded: new Set(),
      };
      state.services.set(service.id, service);
      if (!service.removed) state.serviceByName.set(service.spec.name, service);
      currentVersion.set(service, versionSeq);
      return;
    }
    case 'version': {
      const [, serviceId, seq, spec, requestedPorts, ports] = row as readonly [
        string,
        string,
        number,
        TaskVersion['spec'],
        TaskVersion['requestedPorts'],
        TaskVersion['requestedPorts'] | null,
      ];
      versions.set(`${serviceId} ${seq}`, { seq, spec, requestedPorts, ports: ports ?? undefined });
      return;
    }
    case 'slot': {
      const [, serviceId, number, generation, occupied, restartedAt, restartsOf, updatedTo] =
        row as readonly [string, string, number, number, boolean, number[], number, number];
      const service = state.services.get(serviceId)!;
      service.slots.set(number, {
        number,
        generation,
        tasks: [],
        occupied,
        restartedAt: [...restartedAt],
        restartsOf,
        updatedTo,
      });
      if (occupied) service.occupiedSlots += 1;
      if (number > service.highestSlot) service.highestSlot = number;
      return;
    }
    case 'task':
      restoreTask(state, row, versions);
      return;
    case 'intent': {
      const fact = row[1] as IntentFact;
      state.intents.set(fact.seq, { ...fact, body: fact.body, error: fact.error, name: fact.name });
      return;
    }
    case 'poison':
      state.poison.set(row[1] as number, row[2] as { subject: string; reason: string });
      return;
    case 'last':
      state.lastSeqs.set(row[1] as string, row[2] as number);
      return;
    case 'port':
      state.pickedPorts.set(row[1] as string, row[2] as string);
      return;
    default:
      throw new Error(`unknown row "${row[0]}"`);
  }
}

function restoreTask(state: ClusterState, row: Row, versions: Map<string, TaskVersion>): void {
  // biome-ignore format: one line a field is a page
  const [, id, serviceId, slotNumber, generation, versionSeq, replaces, cause, startAt, createdAt, createdSeq, nodeId,
    desired, observed, observedAt, desiredAt, message, err, exitCode, runId, commandSeq, statusSeq] = row as readonly [
    string, string, string, number, number, number, string | null, 'restart' | 'update' | null, number, number, number,
    string | null, TaskState, TaskState, number, number, string, string, number | null, string, number, number];
  const service = state.services.get(serviceId)!;
  const slot = service.slots.get(slotNumber)!;
  const node = nodeId === null ? undefined : state.nodes.get(nodeId)!;
  // biome-ignore format: one line a field is a page
  const task: Task = {
    id, service, slot, generation, version: versions.get(`${serviceId} ${versionSeq}`)!, replaces: replaces ?? undefined,
    cause: cause ?? undefined, startAt, createdAt, createdSeq, node, desired, observed, observedAt, desiredAt, message, err,
    exitCode: exitCode ?? undefined, runId, commandSeq, statusSeq,
  };
  slot.tasks.push(task);
  service.tasks.set(id, task);
  state.tasks.set(id, task);
  node?.tasks.set(id, task);
  enterNode(task);
}
