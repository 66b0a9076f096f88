// Where tasks and slots are kept: rows of numbers that name one another, their services, versions and nodes.
import { TaskState } from '@muster/model';
import { Handles } from '../columns/handles.ts';
import { IdMap } from '../columns/id-map.ts';
import { Table } from '../columns/pages.ts';
import { BackendKinds } from './backend-kinds.ts';
import { Networks } from './networks/networks.ts';
import { Slot, slotShape } from './services/slot.ts';
import type { ClusterNode, Service } from './state.ts';
import { type NewTask, Task, taskShape } from './tasks/task.ts';
import type { TaskVersion } from './tasks/task-version.ts';

export class Tables {
  readonly taskRows = new IdMap();
  /** Of the nodes that are part of the cluster. */
  readonly backends = new BackendKinds();
  readonly networks = new Networks();
  private readonly counts = new Int32Array(Math.max(...Object.values(TaskState)) + 1);

  constructor(
    readonly tasks = new Table(taskShape),
    readonly slots = new Table(slotShape),
    readonly services = new Handles<Service>(),
    readonly versions = new Handles<TaskVersion>(),
    readonly nodes = new Handles<ClusterNode>(),
  ) {}

  readonly taskAt = (row: number): Task => new Task(this, row);
  readonly slotAt = (row: number): Slot => new Slot(this, row);

  addTask(task: NewTask): Task {
    const row = this.tasks.take();
    this.taskRows.set(task.id, row);
    const added = Task.fill(this, row, task);
    this.countTask(added, 1);
    return added;
  }

  /** Its row is another's from here on. */
  forgetTask(task: Task): void {
    this.taskRows.delete(task.id);
    this.countTask(task, -1);
    this.tasks.release(task.row);
  }

  /** How many tasks were last observed in each state. */
  get tasksByState(): ReadonlyMap<TaskState, number> {
    return new Map(Object.values(TaskState).map((state) => [state, this.counts[state]!]));
  }

  /** Taken out before what was observed of it, or whether its node is down, changes, and put in again as it then is. */
  countTask(task: Task, by: 1 | -1): void {
    const { observed } = task;
    this.counts[observed]! += by;
    if (observed === TaskState.RUNNING) {
      if (task.node?.status !== 'down') task.service.runningTasks += by;
    } else if (observed === TaskState.FAILED || observed === TaskState.REJECTED) {
      task.service.failedTasks += by;
    }
  }

  addSlot(service: Service, number: number): Slot {
    return Slot.fill(this, this.slots.take(), service.handle, number);
  }

  /** Rows, services, versions and nodes as they are now. Tasks are not found by id in it. */
  capture(): { readonly tables: Tables; release(): void } {
    const [tasks, slots] = [this.tasks.capture(), this.slots.capture()];
    const tables = new Tables(
      tasks.table,
      slots.table,
      this.services.capture(),
      this.versions.capture(),
      this.nodes.capture(),
    );
    return {
      tables,
      release() {
        tasks.release();
        slots.release();
      },
    };
  }
}
