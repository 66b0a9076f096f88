// What the command store holds, as far as this dispatcher has been told: for each task the sequence and the basis
// of its last command, and nothing of its content. No I/O.

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
  /** Nearly always one: on a second node, there is only ever something to be forgotten. */
  entriesOf(taskId: string): readonly CommandEntry[];
}

const none: readonly CommandEntry[] = [];

export function createCommandView(): CommandView {
  const entriesByTask = new Map<string, readonly CommandEntry[]>();
  let newestBasis = 0;

  const entriesOf = (taskId: string) => entriesByTask.get(taskId) ?? none;
  const entryOf = (taskId: string, nodeId: string) =>
    entriesOf(taskId).find((entry) => entry.nodeId === nodeId);
  const others = (taskId: string, nodeId: string) =>
    entriesOf(taskId).filter((entry) => entry.nodeId !== nodeId);

  return {
    get newestBasis() {
      return newestBasis;
    },
    note(taskId, entry) {
      newestBasis = Math.max(newestBasis, entry.basis);
      if ((entryOf(taskId, entry.nodeId)?.seq ?? 0) >= entry.seq) return;
      entriesByTask.set(taskId, [...others(taskId, entry.nodeId), entry]);
    },
    drop(taskId, nodeId, seq) {
      if (entryOf(taskId, nodeId)?.seq !== seq) return;
      const rest = others(taskId, nodeId);
      if (rest.length > 0) entriesByTask.set(taskId, rest);
      else entriesByTask.delete(taskId);
    },
    entryOf,
    entriesOf,
  };
}
