// A slot of a service: a view of one row, made when asked for. Two views of one slot have the same `row`.
import { atOf, editPage, type Page, readLoose, writeLoose } from '../../columns/pages.ts';
import type { ClusterNode, Service } from '../state.ts';
import type { Tables } from '../tables.ts';
import type { Task } from '../tasks/task.ts';

const SERVICE = 0;
const NUMBER = 1;
const GENERATION = 2;
const OCCUPIED = 3;
const NEWEST = 4;
const NODE = 5;

const RESTARTS_OF = 0;
const UPDATED_TO = 1;

const RESTARTED_AT = 0;

export const slotShape = { narrow: 6, wide: 2, loose: 1 };

const never: readonly number[] = [];

export class Slot {
  private readonly page: Page;
  private readonly at: number;
  private readonly narrowAt: number;
  private readonly wideAt: number;

  constructor(
    private readonly tables: Tables,
    readonly row: number,
  ) {
    this.page = tables.slots.pageOf(row);
    this.at = atOf(row);
    this.narrowAt = this.at * slotShape.narrow;
    this.wideAt = this.at * slotShape.wide;
  }

  get service(): Service {
    return this.tables.services.get(this.page.narrow[this.narrowAt + SERVICE]!)!;
  }

  get number(): number {
    return this.page.narrow[this.narrowAt + NUMBER]!;
  }

  /** Tasks it has ever had. */
  get generation(): number {
    return this.page.narrow[this.narrowAt + GENERATION]!;
  }
  set generation(value: number) {
    editPage(this.page).narrow[this.narrowAt + GENERATION] = value;
  }

  /** Its newest task counts as a replica, even when it has ended and is not to be restarted. */
  get occupied(): boolean {
    return this.page.narrow[this.narrowAt + OCCUPIED] === 1;
  }
  set occupied(value: boolean) {
    editPage(this.page).narrow[this.narrowAt + OCCUPIED] = value ? 1 : 0;
  }

  /** When restarts of one version happened, by the log's clock; `restartsOf` is that version's sequence. */
  get restartedAt(): readonly number[] {
    return (readLoose(this.page, RESTARTED_AT, this.at) as readonly number[] | undefined) ?? never;
  }
  set restartedAt(value: readonly number[]) {
    writeLoose(editPage(this.page), RESTARTED_AT, this.at, value.length > 0 ? value : undefined);
  }

  get restartsOf(): number {
    return this.page.wide[this.wideAt + RESTARTS_OF]!;
  }
  set restartsOf(value: number) {
    editPage(this.page).wide[this.wideAt + RESTARTS_OF] = value;
  }

  /** The version that an update last brought here; 0 for none. */
  get updatedTo(): number {
    return this.page.wide[this.wideAt + UPDATED_TO]!;
  }
  set updatedTo(value: number) {
    editPage(this.page).wide[this.wideAt + UPDATED_TO] = value;
  }

  /** Whose it is, in a global service. */
  get node(): ClusterNode | undefined {
    return this.tables.nodes.get(this.page.narrow[this.narrowAt + NODE]!);
  }
  set node(node: ClusterNode | undefined) {
    editPage(this.page).narrow[this.narrowAt + NODE] = node?.handle ?? 0;
  }

  /** The last task it got, while that is remembered. */
  get newest(): Task | undefined {
    const row = this.newestRow;
    return row === 0 ? undefined : this.tables.taskAt(row);
  }

  get newestRow(): number {
    return this.page.narrow[this.narrowAt + NEWEST]!;
  }
  set newestRow(row: number) {
    editPage(this.page).narrow[this.narrowAt + NEWEST] = row;
  }

  /** Its tasks that are still remembered, oldest first. */
  get tasks(): readonly Task[] {
    const tasks: Task[] = [];
    for (let task = this.newest; task; task = task.older) tasks.push(task);
    return tasks.reverse();
  }

  /** For a row just taken. */
  static fill(tables: Tables, row: number, service: number, number: number): Slot {
    const slot = new Slot(tables, row);
    const { narrow } = editPage(slot.page);
    narrow[slot.narrowAt + SERVICE] = service;
    narrow[slot.narrowAt + NUMBER] = number;
    return slot;
  }
}
