// What the command store holds, as far as this dispatcher has been told: for each task the sequence and the basis
// of its last command, and nothing of its content. There may be millions: entries are rows of numbers, found through
// maps so small that none of them stops the program when it grows. No I/O.
import { atOf, IdMap, Table } from '@muster/state';

export interface CommandEntry {
  readonly nodeId: string;
  /** Sequence in the command store: what a compare-and-set expects. */
  readonly seq: number;
  /** The log sequence it follows from. */
  readonly basis: number;
  readonly forget: boolean;
}

export interface CommandView {
  /** The highest basis ever seen: a state that has not been folded so far must not command. */
  readonly newestBasis: number;
  /** A command was stored. Ignored when a later one of that task on that node is known. */
  note(taskId: string, entry: CommandEntry): void;
  /** The entry turned out to be gone from the store. */
  drop(taskId: string, nodeId: string, seq: number): void;
  entryOf(taskId: string, nodeId: string): CommandEntry | undefined;
  /** The sequence of the task's command on the node; 0 when there is none. */
  seqOf(taskId: string, nodeId: string): number;
  /** Nearly always one: on a second node, there is only ever something to be forgotten. */
  entriesOf(taskId: string): readonly CommandEntry[];
  /** Every task that has a command. May go on while commands come and go. */
  taskIds(): Iterable<string>;
}

/** Columns of whole numbers of any size, then of small ones. A node's number is never 0. */
const [SEQ, BASIS, WIDE] = [0, 1, 2];
const [NODE, FORGET, NEXT, NARROW] = [0, 1, 2, 3];

/** Rows are numbered from 1; 0 is none. A task's rows, one for each node, are a chain by NEXT. */
export function createCommandView(): CommandView {
  const firstRows = new IdMap();
  const nodeNumbers = new Map<string, number>();
  const nodeIds = [''];
  const rows = new Table({ wide: WIDE, narrow: NARROW, loose: 0 });
  let newestBasis = 0;

  function wide(row: number, column: number): number {
    return rows.pageOf(row).wide[atOf(row) * WIDE + column]!;
  }

  function narrow(row: number, column: number): number {
    return rows.pageOf(row).narrow[atOf(row) * NARROW + column]!;
  }

  function setNext(row: number, next: number): void {
    rows.pageOf(row).narrow[atOf(row) * NARROW + NEXT] = next;
  }

  function write(row: number, { seq, basis, forget }: CommandEntry, node: number, next: number): void {
    const page = rows.pageOf(row);
    page.wide.set([seq, basis], atOf(row) * WIDE);
    page.narrow.set([node, forget ? 1 : 0, next], atOf(row) * NARROW);
  }

  function numberOf(nodeId: string): number {
    let number = nodeNumbers.get(nodeId);
    if (number === undefined) {
      number = nodeIds.push(nodeId) - 1;
      nodeNumbers.set(nodeId, number);
    }
    return number;
  }

  function find(taskId: string, nodeId: string): number {
    const node = nodeNumbers.get(nodeId);
    let row = node === undefined ? 0 : (firstRows.get(taskId) ?? 0);
    while (row !== 0 && narrow(row, NODE) !== node) row = narrow(row, NEXT);
    return row;
  }

  function read(row: number): CommandEntry {
    return {
      nodeId: nodeIds[narrow(row, NODE)]!,
      seq: wide(row, SEQ),
      basis: wide(row, BASIS),
      forget: narrow(row, FORGET) === 1,
    };
  }

  return {
    get newestBasis() {
      return newestBasis;
    },
    note(taskId, entry) {
      newestBasis = Math.max(newestBasis, entry.basis);
      const node = numberOf(entry.nodeId);
      const row = find(taskId, entry.nodeId);
      if (row !== 0) {
        if (wide(row, SEQ) < entry.seq) write(row, entry, node, narrow(row, NEXT));
        return;
      }
      const made = rows.take();
      write(made, entry, node, firstRows.get(taskId) ?? 0);
      firstRows.set(taskId, made);
    },
    drop(taskId, nodeId, seq) {
      const row = find(taskId, nodeId);
      if (row === 0 || wide(row, SEQ) !== seq) return;
      const next = narrow(row, NEXT);
      let before = firstRows.get(taskId)!;
      if (before === row) {
        if (next === 0) firstRows.delete(taskId);
        else firstRows.set(taskId, next);
      } else {
        while (narrow(before, NEXT) !== row) before = narrow(before, NEXT);
        setNext(before, next);
      }
      rows.release(row);
    },
    entryOf(taskId, nodeId) {
      const row = find(taskId, nodeId);
      return row === 0 ? undefined : read(row);
    },
    seqOf(taskId, nodeId) {
      const row = find(taskId, nodeId);
      return row === 0 ? 0 : wide(row, SEQ);
    },
    entriesOf(taskId) {
      const entries: CommandEntry[] = [];
      for (let row = firstRows.get(taskId) ?? 0; row !== 0; row = narrow(row, NEXT)) entries.push(read(row));
      return entries;
    },
    taskIds: () => firstRows.keys(),
  };
}
