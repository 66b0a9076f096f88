// The state as it is at one moment, to be written down or hashed later, bit by bit, while the fold goes on.

import type { ClusterState } from '../cluster/readonly.ts';
import type { Tables } from '../cluster/tables.ts';
import type { Link } from '../kinds/kind.ts';
import { kindNames, kinds } from '../kinds/kinds.ts';
import { listObjectRows, listTableRows, type Row } from './rows.ts';

/** What the tables name. */
export interface Links {
  /** By the name of the kind. */
  readonly kinds: Readonly<Record<string, readonly Link[]>>;
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
    links: { kinds: listLinks(state), strangers: [...state.strangers] },
    tables,
    *rows() {
      yield* objects;
      yield* listTableRows(tables);
    },
    release,
  };
}

function listLinks(state: ClusterState): Links['kinds'] {
  const linked = kindNames.flatMap((name) => {
    const links = kinds[name].link?.(state);
    return links ? [[name, [...links]] as const] : [];
  });
  return Object.fromEntries(linked);
}
