// State as rows of JSON, one for each object: what the state hash is made of, object by object and in any order. Those of the
// tables are here, all others with their kinds. A younger column of a task or slot goes into one object at the end of its row,
// left out while it is empty.

import type { ClusterState } from '../cluster/readonly.ts';
import type { Slot } from '../cluster/services/slot.ts';
import type { Tables } from '../cluster/tables.ts';
import type { Task } from '../cluster/tasks/task.ts';
import { kindNames, kinds } from '../kinds/kinds.ts';

export type Row = readonly [kind: string, ...fields: unknown[]];

/** Every row of the state. */
export function* listRows(state: ClusterState): Generator<Row> {
  yield* listObjectRows(state);
  yield* listTableRows(state.tables);
}

/** All but slots and tasks. What they are made of never changes afterwards, whatever becomes of the state. */
export function* listObjectRows(state: ClusterState): Generator<Row> {
  for (const name of kindNames) for (const fields of kinds[name].list(state)) yield [name, ...fields];
}

export function* listTableRows(tables: Tables): Generator<Row> {
  for (const row of tables.slots.rows()) yield slotRow(tables.slotAt(row));
  for (const row of tables.tasks.rows()) yield taskRow(tables.taskAt(row));
}

function slotRow(slot: Slot): Row {
  const { service, number, generation, occupied, restartedAt, restartsOf, updatedTo, node } = slot;
  const row = ['slot', service.id, number, generation, occupied, restartedAt, restartsOf, updatedTo] as const;
  return node === undefined ? row : [...row, { node: node.id }];
}

function taskRow(task: Task): Row {
  const { addresses, ready } = task;
  const row = [
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
  ] as const;
  if (addresses === undefined && ready) return row;
  return [...row, { ...(addresses && { addresses }), ...(!ready && { ready }) }];
}
