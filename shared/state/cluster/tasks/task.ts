// A task: a view of one row, made when asked for. Two views of one task have the same `row`; a row of a task that was
// forgotten is given to another, so no view outlives the turn it was made in. Only the fold writes.
import type { NetworkAddress } from '@muster/events';
import type { TaskState } from '@muster/model';
import { atOf, editPage, type Page, readLoose, writeLoose } from '../../columns/pages.ts';
import type { Networks } from '../networks/networks.ts';
import type { Slot } from '../services/slot.ts';
import type { ClusterNode, Service } from '../state.ts';
import type { Tables } from '../tables.ts';
import type { TaskVersion } from './task-version.ts';

const SERVICE = 0;
const SLOT = 1;
const VERSION = 2;
const NODE = 3;
const GENERATION = 4;
const CAUSE = 5;
const DESIRED = 6;
const OBSERVED = 7;
const OLDER = 8;
const NEXT_ON_NODE = 9;
const BEFORE_ON_NODE = 10;

const START_AT = 0;
const CREATED_AT = 1;
const CREATED_SEQ = 2;
const OBSERVED_AT = 3;
const DESIRED_AT = 4;
const COMMAND_SEQ = 5;
const STATUS_SEQ = 6;
/** NaN for none. */
const EXIT_CODE = 7;

const ID = 0;
const MESSAGE = 1;
const RUN_ID = 2;
const ERR = 3;
const REPLACES = 4;
const ADDRESSES = 5;
const UNREADY = 6;

export const taskShape = { narrow: 11, wide: 8, loose: 7 };

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
  private readonly narrowAt: number;
  private readonly wideAt: number;

  constructor(
    private readonly tables: Tables,
    readonly row: number,
  ) {
    this.page = tables.tasks.pageOf(row);
    this.at = atOf(row);
    this.narrowAt = this.at * taskShape.narrow;
    this.wideAt = this.at * taskShape.wide;
  }

  get id(): string {
    return readLoose(this.page, ID, this.at) as string;
  }

  get service(): Service {
    return this.tables.services.get(this.page.narrow[this.narrowAt + SERVICE]!)!;
  }

  get slot(): Slot {
    return this.tables.slotAt(this.page.narrow[this.narrowAt + SLOT]!);
  }

  get generation(): number {
    return this.page.narrow[this.narrowAt + GENERATION]!;
  }

  get version(): TaskVersion {
    return this.tables.versions.get(this.page.narrow[this.narrowAt + VERSION]!)!;
  }

  /** The task whose place it takes. */
  get replaces(): string | undefined {
    return readLoose(this.page, REPLACES, this.at) as string | undefined;
  }

  get cause(): 'restart' | 'update' | undefined {
    return causes[this.page.narrow[this.narrowAt + CAUSE]!];
  }

  /** Not to be made running before; ms since the epoch, 0 for at once. */
  get startAt(): number {
    return this.page.wide[this.wideAt + START_AT]!;
  }

  get createdAt(): number {
    return this.page.wide[this.wideAt + CREATED_AT]!;
  }

  get createdSeq(): number {
    return this.page.wide[this.wideAt + CREATED_SEQ]!;
  }

  get node(): ClusterNode | undefined {
    return this.tables.nodes.get(this.page.narrow[this.narrowAt + NODE]!);
  }
  set node(node: ClusterNode | undefined) {
    editPage(this.page).narrow[this.narrowAt + NODE] = node?.handle ?? 0;
  }

  get desired(): TaskState {
    return this.page.narrow[this.narrowAt + DESIRED] as TaskState;
  }
  set desired(value: TaskState) {
    editPage(this.page).narrow[this.narrowAt + DESIRED] = value;
  }

  get observed(): TaskState {
    return this.page.narrow[this.narrowAt + OBSERVED] as TaskState;
  }
  set observed(value: TaskState) {
    this.tables.countTask(this, -1);
    editPage(this.page).narrow[this.narrowAt + OBSERVED] = value;
    this.tables.countTask(this, 1);
  }

  /** When `observed` was reached, by the log's clock. */
  get observedAt(): number {
    return this.page.wide[this.wideAt + OBSERVED_AT]!;
  }
  set observedAt(value: number) {
    editPage(this.page).wide[this.wideAt + OBSERVED_AT] = value;
  }

  /** When `desired` was set, by the log's clock. */
  get desiredAt(): number {
    return this.page.wide[this.wideAt + DESIRED_AT]!;
  }
  set desiredAt(value: number) {
    editPage(this.page).wide[this.wideAt + DESIRED_AT] = value;
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
    const code = this.page.wide[this.wideAt + EXIT_CODE]!;
    return Number.isNaN(code) ? undefined : code;
  }
  set exitCode(value: number | undefined) {
    editPage(this.page).wide[this.wideAt + EXIT_CODE] = value ?? Number.NaN;
  }

  get runId(): string {
    return (readLoose(this.page, RUN_ID, this.at) as string | undefined) ?? '';
  }
  set runId(value: string) {
    writeLoose(editPage(this.page), RUN_ID, this.at, value === '' ? undefined : value);
  }

  /** On its networks; undefined before they are given to it. It has them for as long as it is remembered, and holds them until it ends. */
  get addresses(): readonly NetworkAddress[] | undefined {
    return readLoose(this.page, ADDRESSES, this.at) as readonly NetworkAddress[] | undefined;
  }
  set addresses(value: readonly NetworkAddress[] | undefined) {
    writeLoose(editPage(this.page), ADDRESSES, this.at, value);
  }

  /** Whether it is to be sent anything while it runs. */
  get ready(): boolean {
    return readLoose(this.page, UNREADY, this.at) !== true;
  }
  set ready(value: boolean) {
    writeLoose(editPage(this.page), UNREADY, this.at, value ? undefined : true);
  }

  /** Those of its cluster. */
  get networks(): Networks {
    return this.tables.networks;
  }

  /** Sequence of the last event that changed what its node must do: assignment or desired state. */
  get commandSeq(): number {
    return this.page.wide[this.wideAt + COMMAND_SEQ]!;
  }
  set commandSeq(value: number) {
    editPage(this.page).wide[this.wideAt + COMMAND_SEQ] = value;
  }

  /** Sequence of the last report about it. */
  get statusSeq(): number {
    return this.page.wide[this.wideAt + STATUS_SEQ]!;
  }
  set statusSeq(value: number) {
    editPage(this.page).wide[this.wideAt + STATUS_SEQ] = value;
  }

  /** The task that its slot had before, while that is remembered. */
  get older(): Task | undefined {
    const row = this.olderRow;
    return row === 0 ? undefined : this.tables.taskAt(row);
  }
  set older(task: Task | undefined) {
    editPage(this.page).narrow[this.narrowAt + OLDER] = task?.row ?? 0;
  }

  get olderRow(): number {
    return this.page.narrow[this.narrowAt + OLDER]!;
  }

  /** Rows of its neighbours in the list of its node's tasks; 0 for none. */
  get nextOnNode(): number {
    return this.page.narrow[this.narrowAt + NEXT_ON_NODE]!;
  }
  set nextOnNode(row: number) {
    editPage(this.page).narrow[this.narrowAt + NEXT_ON_NODE] = row;
  }

  get beforeOnNode(): number {
    return this.page.narrow[this.narrowAt + BEFORE_ON_NODE]!;
  }
  set beforeOnNode(row: number) {
    editPage(this.page).narrow[this.narrowAt + BEFORE_ON_NODE] = row;
  }

  /** For a row just taken. */
  static fill(tables: Tables, row: number, task: NewTask): Task {
    const view = new Task(tables, row);
    const page = editPage(view.page);
    const { at, narrowAt, wideAt } = view;
    page.narrow[narrowAt + SERVICE] = task.service.handle;
    page.narrow[narrowAt + SLOT] = task.slot.row;
    page.narrow[narrowAt + VERSION] = task.version.handle;
    page.narrow[narrowAt + GENERATION] = task.generation;
    page.narrow[narrowAt + CAUSE] = causes.indexOf(task.cause);
    page.narrow[narrowAt + DESIRED] = task.desired;
    page.narrow[narrowAt + OBSERVED] = task.observed;
    page.wide[wideAt + START_AT] = task.startAt;
    page.wide[wideAt + CREATED_AT] = task.createdAt;
    page.wide[wideAt + CREATED_SEQ] = task.createdSeq;
    page.wide[wideAt + OBSERVED_AT] = task.createdAt;
    page.wide[wideAt + DESIRED_AT] = task.createdAt;
    page.wide[wideAt + COMMAND_SEQ] = task.createdSeq;
    page.wide[wideAt + STATUS_SEQ] = task.createdSeq;
    page.wide[wideAt + EXIT_CODE] = Number.NaN;
    writeLoose(page, ID, at, task.id);
    writeLoose(page, REPLACES, at, task.replaces);
    return view;
  }
}
