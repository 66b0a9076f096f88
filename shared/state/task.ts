// A task: a view of one row, made when asked for. Two views of one task have the same `row`; a row of a task that was
// forgotten is given to another, so no view outlives the turn it was made in. Only the fold writes.
import type { TaskState } from '@muster/model';
import { atOf, editPage, type Page, readLoose, writeLoose } from './pages.ts';
import type { Slot } from './slot.ts';
import type { ClusterNode, Service, TaskVersion } from './state.ts';
import type { Tables } from './tables.ts';

const SERVICE = 0 << 10;
const SLOT = 1 << 10;
const VERSION = 2 << 10;
const NODE = 3 << 10;
const GENERATION = 4 << 10;
const CAUSE = 5 << 10;
const DESIRED = 6 << 10;
const OBSERVED = 7 << 10;
const OLDER = 8 << 10;
const NEXT_ON_NODE = 9 << 10;
const BEFORE_ON_NODE = 10 << 10;

const START_AT = 0 << 10;
const CREATED_AT = 1 << 10;
const CREATED_SEQ = 2 << 10;
const OBSERVED_AT = 3 << 10;
const DESIRED_AT = 4 << 10;
const COMMAND_SEQ = 5 << 10;
const STATUS_SEQ = 6 << 10;
/** NaN for none. */
const EXIT_CODE = 7 << 10;

const ID = 0;
const MESSAGE = 1;
const RUN_ID = 2;
const ERR = 3;
const REPLACES = 4;

export const taskShape = { narrow: 11, wide: 8, loose: 5 };

const causes = [undefined, 'restart', 'update'] as const;

export interface NewTask {
  readonly id: string;
  readonly service: Service;
  readonly slot: Slot;
  readonly generation: number;
  readonly version: TaskVersion;
  readonly replaces: string | undefined;
  readonly cause: 'restart' | 'update' | undefined;
  readonly startAt: number;
  readonly createdAt: number;
  readonly createdSeq: number;
  readonly desired: TaskState;
  readonly observed: TaskState;
}

export class Task {
  private readonly page: Page;
  private readonly at: number;

  constructor(
    private readonly tables: Tables,
    readonly row: number,
  ) {
    this.page = tables.tasks.pageOf(row);
    this.at = atOf(row);
  }

  get id(): string {
    return readLoose(this.page, ID, this.at) as string;
  }

  get service(): Service {
    return this.tables.services.get(this.page.narrow[SERVICE + this.at]!)!;
  }

  get slot(): Slot {
    return this.tables.slotAt(this.page.narrow[SLOT + this.at]!);
  }

  get generation(): number {
    return this.page.narrow[GENERATION + this.at]!;
  }

  get version(): TaskVersion {
    return this.tables.versions.get(this.page.narrow[VERSION + this.at]!)!;
  }

  /** The task whose place it takes. */
  get replaces(): string | undefined {
    return readLoose(this.page, REPLACES, this.at) as string | undefined;
  }

  get cause(): 'restart' | 'update' | undefined {
    return causes[this.page.narrow[CAUSE + this.at]!];
  }

  /** Not to be made running before; ms since the epoch, 0 for at once. */
  get startAt(): number {
    return this.page.wide[START_AT + this.at]!;
  }

  get createdAt(): number {
    return this.page.wide[CREATED_AT + this.at]!;
  }

  get createdSeq(): number {
    return this.page.wide[CREATED_SEQ + this.at]!;
  }

  get node(): ClusterNode | undefined {
    return this.tables.nodes.get(this.page.narrow[NODE + this.at]!);
  }
  set node(node: ClusterNode | undefined) {
    editPage(this.page).narrow[NODE + this.at] = node?.handle ?? 0;
  }

  get desired(): TaskState {
    return this.page.narrow[DESIRED + this.at] as TaskState;
  }
  set desired(value: TaskState) {
    editPage(this.page).narrow[DESIRED + this.at] = value;
  }

  get observed(): TaskState {
    return this.page.narrow[OBSERVED + this.at] as TaskState;
  }
  set observed(value: TaskState) {
    editPage(this.page).narrow[OBSERVED + this.at] = value;
  }

  /** When `observed` was reached, by the log's clock. */
  get observedAt(): number {
    return this.page.wide[OBSERVED_AT + this.at]!;
  }
  set observedAt(value: number) {
    editPage(this.page).wide[OBSERVED_AT + this.at] = value;
  }

  /** When `desired` was set, by the log's clock. */
  get desiredAt(): number {
    return this.page.wide[DESIRED_AT + this.at]!;
  }
  set desiredAt(value: number) {
    editPage(this.page).wide[DESIRED_AT + this.at] = value;
  }

  get message(): string {
    return (readLoose(this.page, MESSAGE, this.at) as string | undefined) ?? '';
  }
  set message(value: string) {
    writeLoose(editPage(this.page), MESSAGE, this.at, value === '' ? undefined : value);
  }

  get err(): string {
    return (readLoose(this.page, ERR, this.at) as string | undefined) ?? '';
  }
  set err(value: string) {
    writeLoose(editPage(this.page), ERR, this.at, value === '' ? undefined : value);
  }

  get exitCode(): number | undefined {
    const code = this.page.wide[EXIT_CODE + this.at]!;
    return Number.isNaN(code) ? undefined : code;
  }
  set exitCode(value: number | undefined) {
    editPage(this.page).wide[EXIT_CODE + this.at] = value ?? Number.NaN;
  }

  get runId(): string {
    return (readLoose(this.page, RUN_ID, this.at) as string | undefined) ?? '';
  }
  set runId(value: string) {
    writeLoose(editPage(this.page), RUN_ID, this.at, value === '' ? undefined : value);
  }

  /** Sequence of the last event that changed what its node must do: assignment or desired state. */
  get commandSeq(): number {
    return this.page.wide[COMMAND_SEQ + this.at]!;
  }
  set commandSeq(value: number) {
    editPage(this.page).wide[COMMAND_SEQ + this.at] = value;
  }

  /** Sequence of the last report about it. */
  get statusSeq(): number {
    return this.page.wide[STATUS_SEQ + this.at]!;
  }
  set statusSeq(value: number) {
    editPage(this.page).wide[STATUS_SEQ + this.at] = value;
  }

  /** The task that its slot had before, while that is remembered. */
  get older(): Task | undefined {
    const row = this.page.narrow[OLDER + this.at]!;
    return row === 0 ? undefined : this.tables.taskAt(row);
  }
  set older(task: Task | undefined) {
    editPage(this.page).narrow[OLDER + this.at] = task?.row ?? 0;
  }

  /** Rows of its neighbours in the list of its node's tasks; 0 for none. */
  get nextOnNode(): number {
    return this.page.narrow[NEXT_ON_NODE + this.at]!;
  }
  set nextOnNode(row: number) {
    editPage(this.page).narrow[NEXT_ON_NODE + this.at] = row;
  }

  get beforeOnNode(): number {
    return this.page.narrow[BEFORE_ON_NODE + this.at]!;
  }
  set beforeOnNode(row: number) {
    editPage(this.page).narrow[BEFORE_ON_NODE + this.at] = row;
  }

  /** For a row just taken. */
  static fill(tables: Tables, row: number, task: NewTask): Task {
    const view = new Task(tables, row);
    const page = editPage(view.page);
    const { at } = view;
    page.narrow[SERVICE + at] = task.service.handle;
    page.narrow[SLOT + at] = task.slot.row;
    page.narrow[VERSION + at] = task.version.handle;
    page.narrow[GENERATION + at] = task.generation;
    page.narrow[CAUSE + at] = causes.indexOf(task.cause);
    page.narrow[DESIRED + at] = task.desired;
    page.narrow[OBSERVED + at] = task.observed;
    page.wide[START_AT + at] = task.startAt;
    page.wide[CREATED_AT + at] = task.createdAt;
    page.wide[CREATED_SEQ + at] = task.createdSeq;
    page.wide[OBSERVED_AT + at] = task.createdAt;
    page.wide[DESIRED_AT + at] = task.createdAt;
    page.wide[COMMAND_SEQ + at] = task.createdSeq;
    page.wide[STATUS_SEQ + at] = task.createdSeq;
    page.wide[EXIT_CODE + at] = Number.NaN;
    writeLoose(page, ID, at, task.id);
    writeLoose(page, REPLACES, at, task.replaces);
    return view;
  }
}
