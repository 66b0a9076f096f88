// What the command store holds, as far as this dispatcher has been told: for each task the sequence and the basis
// of its last command, and nothing of its content. There may be millions: entries are rows of numbers, found through
// maps so small that none of them stops the program when it grows. No I/O.

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

const SHARDS = 256;
const PAGE_ROWS = 4096;
/** Columns of whole numbers of any size, then of small ones. */
const [SEQ, BASIS, WIDE] = [0, 1, 2];
const [NODE, FORGET, NEXT, NARROW] = [0, 1, 2, 3];

interface Page {
  readonly wide: Float64Array;
  readonly narrow: Int32Array;
}

/** Rows are numbered from 1; 0 is none. A task's rows, one for each node, are a chain by NEXT. */
export function createCommandView(): CommandView {
  const shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
  const nodeNumbers = new Map<string, number>();
  const nodeIds: string[] = [];
  const pages: Page[] = [];
  const free: number[] = [];
  let used = 1;
  let newestBasis = 0;

  function wide(row: number, column: number): number {
    return pages[Math.floor(row / PAGE_ROWS)]!.wide[(row % PAGE_ROWS) * WIDE + column]!;
  }

  function narrow(row: number, column: number): number {
    return pages[Math.floor(row / PAGE_ROWS)]!.narrow[(row % PAGE_ROWS) * NARROW + column]!;
  }

  function setNext(row: number, next: number): void {
    pages[Math.floor(row / PAGE_ROWS)]!.narrow[(row % PAGE_ROWS) * NARROW + NEXT] = next;
  }

  function write(row: number, { seq, basis, forget }: CommandEntry, node: number, next: number): void {
    const { wide, narrow } = pages[Math.floor(row / PAGE_ROWS)]!;
    const at = row % PAGE_ROWS;
    wide.set([seq, basis], at * WIDE);
    narrow.set([node, forget ? 1 : 0, next], at * NARROW);
  }

  function take(): number {
    const row = free.pop() ?? used++;
    if (row >= pages.length * PAGE_ROWS) {
      pages.push({
        wide: new Float64Array(PAGE_ROWS * WIDE),
        narrow: new Int32Array(PAGE_ROWS * NARROW),
      });
    }
    return row;
  }

  function numberOf(nodeId: string): number {
    let number = nodeNumbers.get(nodeId);
    if (number === undefined) {
      number = nodeIds.push(nodeId) - 1;
      nodeNumbers.set(nodeId, number);
    }
    return number;
  }

  /** Ids are digests: their last characters spread well. */
  function shardOf(taskId: string): Map<string, number> {
    const last = taskId.length - 1;
    return shards[(taskId.charCodeAt(last) * 37 + taskId.charCodeAt(last - 1)) & (SHARDS - 1)]!;
  }

  function find(taskId: string, nodeId: string): number {
    const node = nodeNumbers.get(nodeId);
    let row = node === undefined ? 0 : (shardOf(taskId).get(taskId) ?? 0);
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
      const shard = shardOf(taskId);
      const made = take();
      write(made, entry, node, shard.get(taskId) ?? 0);
      shard.set(taskId, made);
    },
    drop(taskId, nodeId, seq) {
      const row = find(taskId, nodeId);
      if (row === 0 || wide(row, SEQ) !== seq) return;
      const shard = shardOf(taskId);
      const next = narrow(row, NEXT);
      let before = shard.get(taskId)!;
      if (before === row) {
        if (next === 0) shard.delete(taskId);
        else shard.set(taskId, next);
      } else {
        while (narrow(before, NEXT) !== row) before = narrow(before, NEXT);
        setNext(before, next);
      }
      free.push(row);
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
      for (let row = shardOf(taskId).get(taskId) ?? 0; row !== 0; row = narrow(row, NEXT))
        entries.push(read(row));
      return entries;
    },
    *taskIds() {
      for (const shard of shards) yield* shard.keys();
    },
  };
}
