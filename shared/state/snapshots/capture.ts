// The state as it is at one moment, to be written down or hashed later, bit by bit, while the fold goes on.

import type { ClusterState } from '../cluster/state.ts';
import type { Tables } from '../cluster/tables.ts';
import { listObjectRows, listTableRows, type Row } from './rows.ts';

/** What the tables name, and where in them the lists of nodes begin. */
export interface Links {
  readonly nodes: readonly (readonly [id: string, handle: number, firstTask: number, lastTask: number])[];
  readonly services: readonly (readonly [id: string, handle: number])[];
  readonly versions: readonly (readonly [serviceId: string, seq: number, handle: number])[];
  /** In their order, which decides what is forgotten next. */
  readonly strangers: readonly string[];
}

export interface Capture {
  readonly head: number;
  readonly digests: Uint32Array;
  readonly objects: readonly Row[];
  readonly links: Links;
  readonly tables: Tables;
  /** The same rows as `listRows` gave at that moment, in another order. */
  rows(): Iterable<Row>;
  /** From here on the capture is of no use, and costs nothing. */
  release(): void;
}

/** Costs as much as there are services and nodes; tasks and slots cost nothing until they change. */
export function captureState(state: ClusterState): Capture {
  const objects = [...listObjectRows(state)];
  const { tables, release } = state.tables.capture();
  return {
    head: state.head,
    digests: state.digests.slice(0, state.head + 1),
    objects,
    links: {
      nodes: [...state.tables.nodes].map(([handle, { id, tasks }]) => [id, handle, tasks.first, tasks.last]),
      services: [...state.services.values()].map(({ id, handle }) => [id, handle]),
      versions: [...state.tables.versions].map(([handle, { serviceId, seq }]) => [serviceId, seq, handle]),
      strangers: [...state.strangers],
    },
    tables,
    *rows() {
      yield* objects;
      yield* listTableRows(tables);
    },
    release,
  };
}
