// Tasks and slots as collections: all there are, those of a service, of a node, and the index sets of a service. They
// read like maps and sets of tasks, and keep nothing but row numbers.
import type { Slot } from './services/slot.ts';
import type { Tables } from './tables.ts';
import type { Task } from './tasks/task.ts';

/** Tasks by id. */
export interface TaskMap {
  readonly size: number;
  get(id: string): Task | undefined;
  has(id: string): boolean;
  keys(): Iterable<string>;
  values(): Iterable<Task>;
}

export class AllTasks implements TaskMap {
  constructor(private readonly tables: Tables) {}

  get size(): number {
    return this.tables.taskRows.size;
  }

  get(id: string): Task | undefined {
    const row = this.tables.taskRows.get(id);
    return row === undefined ? undefined : this.tables.taskAt(row);
  }

  has(id: string): boolean {
    return this.tables.taskRows.get(id) !== undefined;
  }

  *keys(): Generator<string> {
    for (const task of this.values()) yield task.id;
  }

  *values(): Generator<Task> {
    for (const row of this.tables.tasks.rows()) yield this.tables.taskAt(row);
  }
}

/** By slot, and oldest first in each. */
export class ServiceTasks implements TaskMap {
  size = 0;

  constructor(
    private readonly tables: Tables,
    private readonly service: { readonly handle: number; readonly slots: ServiceSlots },
  ) {}

  get(id: string): Task | undefined {
    const row = this.tables.taskRows.get(id);
    if (row === undefined) return undefined;
    const task = this.tables.taskAt(row);
    return task.service.handle === this.service.handle ? task : undefined;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  *keys(): Generator<string> {
    for (const task of this.values()) yield task.id;
  }

  *values(): Generator<Task> {
    for (const slot of this.service.slots.values()) yield* slot.tasks;
  }
}

/** In the order they came. */
export class NodeTasks implements TaskMap {
  size = 0;
  first = 0;
  last = 0;

  constructor(
    private readonly tables: Tables,
    private readonly node: { readonly handle: number },
  ) {}

  get(id: string): Task | undefined {
    const row = this.tables.taskRows.get(id);
    if (row === undefined) return undefined;
    const task = this.tables.taskAt(row);
    return task.node?.handle === this.node.handle ? task : undefined;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  *keys(): Generator<string> {
    for (const task of this.values()) yield task.id;
  }

  *values(): Generator<Task> {
    for (let row = this.first; row !== 0; ) {
      const task = this.tables.taskAt(row);
      row = task.nextOnNode;
      yield task;
    }
  }

  add(task: Task): void {
    task.beforeOnNode = this.last;
    if (this.last === 0) this.first = task.row;
    else this.tables.taskAt(this.last).nextOnNode = task.row;
    this.last = task.row;
    this.size += 1;
  }

  delete(task: Task): void {
    const { beforeOnNode, nextOnNode } = task;
    if (beforeOnNode === 0) this.first = nextOnNode;
    else this.tables.taskAt(beforeOnNode).nextOnNode = nextOnNode;
    if (nextOnNode === 0) this.last = beforeOnNode;
    else this.tables.taskAt(nextOnNode).beforeOnNode = beforeOnNode;
    this.size -= 1;
  }
}

/** Slots by number. */
export class ServiceSlots {
  /**
   * Row of each slot, by number, and 0 where there is none; the numbers of a service are dense, as the lowest free one
   * is taken first.
   */
  readonly rows: number[] = [];

  constructor(private readonly tables: Tables) {}

  get(number: number): Slot | undefined {
    const row = this.rows[number] ?? 0;
    return row === 0 ? undefined : this.tables.slotAt(row);
  }

  set(number: number, slot: Slot): void {
    while (this.rows.length < number) this.rows.push(0);
    this.rows[number] = slot.row;
  }

  *values(): Generator<Slot> {
    for (const row of this.rows) if (row !== 0) yield this.tables.slotAt(row);
  }
}

/** An index: rows that meet a condition, in the order they came to meet it. */
export class RowSet<View extends { readonly row: number }> {
  /** Most are empty most of the time, and there are eight for every service. */
  private rows: Set<number> | undefined;

  constructor(private readonly viewAt: (row: number) => View) {}

  get size(): number {
    return this.rows === undefined ? 0 : this.rows.size;
  }

  has({ row }: View): boolean {
    return this.rows?.has(row) ?? false;
  }

  addRow(row: number): void {
    this.rows ??= new Set();
    this.rows.add(row);
  }

  deleteRow(row: number): void {
    if (this.rows?.delete(row) && this.rows.size === 0) this.rows = undefined;
  }

  clear(): void {
    this.rows = undefined;
  }

  *[Symbol.iterator](): Generator<View> {
    if (this.rows !== undefined) for (const row of this.rows) yield this.viewAt(row);
  }
}
