// The cluster as folded from the log. Only evolve changes it; everyone else reads. The sets on a service and a node
// are indices: what a reducer looks at is found without a scan.
import type { IntentFact } from '@muster/events';
import type {
  NodeDescription,
  NodeStatus,
  Port,
  Resources,
  ServiceSpec,
  TaskSpec,
  TaskState,
} from '@muster/model';

/** What a task runs: shared by all tasks made from the same spec. */
export interface TaskVersion {
  /** Log sequence of the event that set it. */
  readonly seq: number;
  readonly spec: TaskSpec;
  readonly requestedPorts: readonly Port[];
  /** The requested ports with none left at 0; undefined until allocated. */
  ports: readonly Port[] | undefined;
}

export interface Task {
  readonly id: string;
  readonly service: Service;
  readonly slot: Slot;
  readonly generation: number;
  readonly version: TaskVersion;
  /** The task whose place it takes. */
  readonly replaces: string | undefined;
  readonly cause: 'restart' | 'update' | undefined;
  readonly startAt: number;
  readonly createdAt: number;
  readonly createdSeq: number;
  node: ClusterNode | undefined;
  desired: TaskState;
  observed: TaskState;
  /** When `observed` was reached, by the log's clock. */
  observedAt: number;
  /** When `desired` was set, by the log's clock. */
  desiredAt: number;
  message: string;
  err: string;
  exitCode: number | undefined;
  runId: string;
  /** Sequence of the last event that changed what its node must do: assignment or desired state. */
  commandSeq: number;
  /** Sequence of the last report about it. */
  statusSeq: number;
}

export interface Slot {
  readonly number: number;
  /** Tasks it has ever had. */
  generation: number;
  /** Its tasks that are still remembered, oldest first. */
  readonly tasks: Task[];
  /** Its newest task counts as a replica, even when it has ended and is not to be restarted. */
  occupied: boolean;
  /** When restarts of one version happened, by the log's clock, and which version that is. */
  restartedAt: number[];
  restartsOf: number;
  /** The version that an update last brought here; 0 for none. */
  updatedTo: number;
}

export interface Service {
  readonly id: string;
  readonly createdAt: number;
  readonly createdSeq: number;
  spec: ServiceSpec;
  /** Sequence of the event that set `spec`: what Docker calls the version index. */
  specSeq: number;
  updatedAt: number;
  /** What new tasks run. A change of replicas alone leaves it as it is. */
  version: TaskVersion;
  removed: boolean;
  readonly tasks: Map<string, Task>;
  readonly slots: Map<number, Slot>;
  occupiedSlots: number;
  highestSlot: number;
  unschedulable: { readonly versionSeq: number; readonly message: string } | undefined;
  /** Live tasks that have ended, or whose node is down: the restart policy is to be asked. */
  readonly dead: Set<Task>;
  /** Tasks desired READY: to be made RUNNING at their time. */
  readonly waiting: Set<Task>;
  /** Tasks to be given to a node. */
  readonly pending: Set<Task>;
  /** Occupied slots whose newest task is of a version that an update must replace. */
  readonly outdated: Set<Slot>;
  /** Slots that an update has reached and that have not yet run for its delay. */
  readonly settling: Set<Slot>;
  /** Slots with more than one live task: a start-first replacement under way. */
  readonly doubled: Set<Slot>;
  /** Tasks to be forgotten as soon as may be. */
  readonly reapable: Set<Task>;
  /** Slots with more history than is kept. */
  readonly crowded: Set<Slot>;
}

export interface ClusterNode {
  readonly id: string;
  readonly joinedAt: number;
  description: NodeDescription;
  status: NodeStatus;
  statusMessage: string;
  statusAt: number;
  session: string;
  /** When its agent last wrote to the log. */
  reportedAt: number;
  readonly tasks: Map<string, Task>;
  /** Reserved by tasks that have not ended. */
  readonly reserved: Mutable<Resources>;
  /** Tasks that are to run: in all, and by service id. */
  activeTasks: number;
  readonly activeByService: Map<string, number>;
  /** Host ports held by tasks that have not ended: "8080/tcp" to how many. */
  readonly hostPorts: Map<string, number>;
  /** Task ids it reported that the cluster does not know, or knows elsewhere. */
  readonly strays: Set<string>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ClusterState {
  /** The last sequence folded, and its time. */
  head: number;
  headTime: number;
  readonly services: Map<string, Service>;
  /** Services that are not removed, by name. */
  readonly serviceByName: Map<string, Service>;
  readonly tasks: Map<string, Task>;
  readonly nodes: Map<string, ClusterNode>;
  /** Intents without a verdict, in log order. */
  readonly intents: Map<number, IntentFact>;
  /** Invalid records not yet quarantined by an event, in log order. */
  readonly poison: Map<number, { readonly subject: string; readonly reason: string }>;
  /** The last sequence of every event subject whose object lives: what a compare-and-set expects. */
  readonly lastSeqs: Map<string, number>;
  /** Published ports the allocator picked, to the service that holds them. */
  readonly pickedPorts: Map<string, string>;
  /** Decisions that came second and were void. */
  conflicts: number;
  /** Set when a newer program's event was met: nothing may be decided from here on. */
  halted: string | undefined;
}

export function createState(): ClusterState {
  return {
    head: 0,
    headTime: 0,
    services: new Map(),
    serviceByName: new Map(),
    tasks: new Map(),
    nodes: new Map(),
    intents: new Map(),
    poison: new Map(),
    lastSeqs: new Map(),
    pickedPorts: new Map(),
    conflicts: 0,
    halted: undefined,
  };
}

/** What a decision on this subject must expect for its compare-and-set. */
export function lastSeqOf(state: ClusterState, subject: string): number {
  return state.lastSeqs.get(subject) ?? 0;
}
