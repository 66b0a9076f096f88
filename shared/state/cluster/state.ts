// The cluster as folded from the log. Only evolve changes it; everyone else reads. The sets on a service and a node
// are indices: what a reducer looks at is found without a scan. Tasks and slots, of which there may be millions, are
// rows in tables; all else are objects.
import { FIRST_WIRE_VERSION, type NetworkAddress, type Stored } from '@muster/events';
import type {
  AddressPools,
  NodeDescription,
  NodeRole,
  NodeSpec,
  NodeStatus,
  Resources,
  ServiceSpec,
} from '@muster/model';
import { DIGESTS_KEPT } from '../fold/digest.ts';
import type { Loss } from '../fold/losses.ts';
import { NO_VOIDS, type Voids } from '../fold/voids.ts';
import type { BackendKinds } from './backend-kinds.ts';
import { AllTasks, NodeTasks, RowSet, ServiceSlots, ServiceTasks, type TaskMap } from './collections.ts';
import { Intents } from './intents.ts';
import type { Network } from './networks/network.ts';
import { labelsOf, readNodeSpec } from './node-spec.ts';
import { ObjectNames } from './object-names.ts';
import { Publishers } from './publishers.ts';
import type { ClusterState as ReadOnlyState } from './readonly.ts';
import type { ServiceUpdate } from './services/service-update.ts';
import type { Slot } from './services/slot.ts';
import { Tables } from './tables.ts';
import type { Task } from './tasks/task.ts';
import type { TaskVersion } from './tasks/task-version.ts';

export interface Service {
  readonly handle: number;
  readonly id: string;
  /** Whose it is; '' for the default team. */
  readonly team: string;
  readonly createdAt: number;
  readonly createdSeq: number;
  /** As it stands in the log: what the state hash is made of. `spec` is the same in this build's form. */
  storedSpec: Stored;
  spec: ServiceSpec;
  /** Sequence of the event that set `spec`: what Docker calls the version index. */
  specSeq: number;
  updatedAt: number;
  /** What new tasks run. A change of replicas alone leaves it as it is. */
  version: TaskVersion;
  /** What a rollback goes back to; undefined when there is nothing. */
  previousSpec: Stored | undefined;
  /** The last one of the present spec that had something to replace, from wire version 2 on. */
  update: ServiceUpdate | undefined;
  removed: boolean;
  /** Its virtual ones, as the allocator last gave them. */
  addresses: readonly NetworkAddress[];
  readonly tasks: ServiceTasks;
  readonly slots: ServiceSlots;
  /** Of a global service: by a node's handle the number of the slot that belongs to it. */
  readonly places: Map<number, number>;
  occupiedSlots: number;
  highestSlot: number;
  /** Tasks of it that run, on a node that is not down, and those remembered that failed or were rejected. */
  runningTasks: number;
  failedTasks: number;
  unschedulable: { readonly versionSeq: number; readonly message: string } | undefined;
  /** Live tasks that have ended, or must leave their node: the restart policy is to be asked. */
  readonly dead: RowSet<Task>;
  /** Tasks desired READY: to be made RUNNING at their time. */
  readonly waiting: RowSet<Task>;
  /** Tasks to be given to a node. */
  readonly pending: RowSet<Task>;
  /** Occupied slots whose newest task is of a version that an update must replace, where it may. */
  readonly outdated: RowSet<Slot>;
  /** Slots whose newest task an update made, and which has neither come to run nor ended. */
  readonly settling: RowSet<Slot>;
  /** Slots with more than one live task: a start-first replacement under way. */
  readonly doubled: RowSet<Slot>;
  /** Tasks to be forgotten as soon as may be. */
  readonly reapable: RowSet<Task>;
  /** Slots with more history than is kept. */
  readonly crowded: RowSet<Slot>;
  /** Occupied slots whose newest task was stopped: there is another to come, unless its policy asks for none. */
  readonly gaps: RowSet<Slot>;
  /** Of a global service: nodes that are to have a place and have none. */
  readonly uncovered: Set<ClusterNode>;
  /** Of a global service: slots of nodes that are to have no task of it, and where none is to run. */
  readonly resting: RowSet<Slot>;
}

export interface ClusterNode {
  readonly handle: number;
  /** Which backends its cluster has. */
  readonly backends: BackendKinds;
  readonly id: string;
  joinedAt: number;
  /** As it stands in the log; `description` is the same in this build's form. */
  storedDescription: Stored;
  description: NodeDescription;
  /** What an operator wants of it; undefined in the log until somebody says. `spec` is the same in this build's form. */
  storedSpec: Stored | undefined;
  spec: NodeSpec;
  /** Sequence of the event that set `spec`, or of its joining: what Docker calls the version index. */
  specSeq: number;
  /** What constraints see: the operator's before the agent's own. */
  labels: Readonly<Record<string, string>>;
  role: NodeRole;
  /** Tasks that it has no room for, since it has less than before. */
  evicted: ReadonlySet<string>;
  /** It is known only as where tasks were that are remembered. */
  removed: boolean;
  status: NodeStatus;
  statusMessage: string;
  statusAt: number;
  session: string;
  /** The newest wire version that its agent reads. */
  reads: number;
  /** When its agent last wrote to the log. */
  reportedAt: number;
  /** On networks, where no other node of the cluster has it; undefined until it is given. */
  number: number | undefined;
  readonly tasks: NodeTasks;
  /** Reserved by tasks that have not ended. */
  readonly reserved: Mutable<Resources>;
  /** Tasks that are to run: in all, and by service id. */
  activeTasks: number;
  readonly activeByService: Map<string, number>;
  /** Host ports held by tasks that have not ended: "8080/tcp" to how many. */
  readonly hostPorts: Map<string, number>;
  /** Task ids it reported that the cluster does not know, or knows elsewhere. */
  readonly strays: Set<string>;
  /** How many more it reported than are kept. */
  straysOmitted: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ClusterState {
  /** Whose log it is, as its first record says; undefined in one that is older than such records. */
  cluster: { readonly id: string; readonly name: string } | undefined;
  /** The wire version that every copy reads: nothing younger may be written. */
  wireVersion: number;
  /** Where networks get their subnets from that ask for none; undefined while nobody has said: the model's default. */
  addressPools: AddressPools | undefined;
  /** Where tasks and slots are kept. */
  readonly tables: Tables;
  /** The last sequence folded, and its time. */
  head: number;
  headTime: number;
  /** Of all records up to the head. */
  digest: number;
  /** Those of the last sequences: of sequence n at n modulo their number. */
  readonly digests: Uint32Array;
  readonly services: Map<string, Service>;
  readonly serviceByName: ObjectNames<Service>;
  readonly tasks: TaskMap;
  /** Those that are part of the cluster. */
  readonly nodes: Map<string, ClusterNode>;
  /** Those that were removed and of whose tasks some are remembered. */
  readonly removedNodes: Map<string, ClusterNode>;
  /** Sessions of agents whose nodes were removed, by node, the last of them last: what they still say brings no node back. */
  readonly sessionsOver: Map<string, string>;
  /** Those that are not removed. */
  readonly globalServices: Set<Service>;
  /** With those that were removed and of which tasks still hold something. */
  readonly networks: Map<string, Network>;
  /** Those that are not removed. */
  readonly networkByName: ObjectNames<Network>;
  readonly intents: Intents;
  /** Invalid records not yet quarantined by an event, in log order. */
  readonly poison: Map<number, { readonly subject: string; readonly reason: string }>;
  /**
   * The last sequence of every event subject whose object lives: what a compare-and-set expects. Who decides on another
   * one learns from the log what is there.
   */
  readonly lastSeqs: Map<string, number>;
  /** Subjects among them whose object does not live, oldest first: anybody can invent any number of these. */
  readonly strangers: Set<string>;
  /** Ports published by number, of services that are not removed. */
  readonly publishers: Publishers;
  /** Published ports the allocator picked, to the service that holds them. */
  readonly pickedPorts: Map<string, string>;
  /** Decisions that came second and were void. */
  conflicts: number;
  /** Decisions of those who had read another log. */
  astray: number;
  /** What the log has lost, the last of it last. */
  readonly losses: Loss[];
  /** What commands have for their basis beyond the sequence they follow from: more than before each loss. */
  basisOffset: number;
  /** The records that this fold leaves out; known before it begins. */
  voids: Voids;
  /** Those of them that were met, in log order. */
  readonly voided: Set<number>;
  /** Set when a newer program's event was met: nothing may be decided from here on. */
  halted: Halt | undefined;
}

export interface Halt {
  readonly reason: string;
  /** The record it halted on; undefined when that was folded by another build. */
  readonly record?: HaltingRecord | undefined;
}

export interface HaltingRecord {
  readonly seq: number;
  readonly subject: string;
  readonly type: string;
}

export function createState(voids: Voids = NO_VOIDS): ClusterState {
  const tables = new Tables();
  return {
    cluster: undefined,
    wireVersion: FIRST_WIRE_VERSION,
    addressPools: undefined,
    tables,
    head: 0,
    headTime: 0,
    digest: 0,
    digests: new Uint32Array(DIGESTS_KEPT),
    services: new Map(),
    serviceByName: new ObjectNames(),
    tasks: new AllTasks(tables),
    nodes: new Map(),
    removedNodes: new Map(),
    sessionsOver: new Map(),
    globalServices: new Set(),
    networks: tables.networks.byId,
    networkByName: new ObjectNames(),
    intents: new Intents(),
    poison: new Map(),
    lastSeqs: new Map(),
    strangers: new Set(),
    publishers: new Publishers(),
    pickedPorts: new Map(),
    conflicts: 0,
    astray: 0,
    losses: [],
    basisOffset: 0,
    voids,
    voided: new Set(),
    halted: undefined,
  };
}

/** What a decision on this subject must expect for its compare-and-set. */
export function lastSeqOf(state: Pick<ReadOnlyState, 'lastSeqs'>, subject: string): number {
  return state.lastSeqs.get(subject) ?? 0;
}

export type ServiceFacts = Omit<
  Service,
  | 'handle'
  | 'tasks'
  | 'slots'
  | 'places'
  | 'occupiedSlots'
  | 'highestSlot'
  | 'runningTasks'
  | 'failedTasks'
  | IndexName
>;
type IndexName =
  | 'dead'
  | 'waiting'
  | 'pending'
  | 'outdated'
  | 'settling'
  | 'doubled'
  | 'reapable'
  | 'crowded'
  | 'gaps'
  | 'uncovered'
  | 'resting';

/**
 * A service as it is before it has any slot. Here as below every field is written out: the fold reads them all the time,
 * and objects that are made alike are read much faster than those whose facts come in one order or another.
 */
export function makeService(tables: Tables, handle: number, facts: ServiceFacts): Service {
  const slots = new ServiceSlots(tables);
  const indexTasks = () => new RowSet(tables.taskAt);
  const indexSlots = () => new RowSet(tables.slotAt);
  return {
    handle,
    id: facts.id,
    team: facts.team,
    createdAt: facts.createdAt,
    createdSeq: facts.createdSeq,
    storedSpec: facts.storedSpec,
    spec: facts.spec,
    specSeq: facts.specSeq,
    updatedAt: facts.updatedAt,
    version: facts.version,
    removed: facts.removed,
    unschedulable: facts.unschedulable,
    previousSpec: facts.previousSpec,
    update: facts.update,
    addresses: facts.addresses,
    slots,
    places: new Map(),
    tasks: new ServiceTasks(tables, { handle, slots }),
    occupiedSlots: 0,
    highestSlot: 0,
    runningTasks: 0,
    failedTasks: 0,
    dead: indexTasks(),
    waiting: indexTasks(),
    pending: indexTasks(),
    reapable: indexTasks(),
    outdated: indexSlots(),
    settling: indexSlots(),
    doubled: indexSlots(),
    crowded: indexSlots(),
    gaps: indexSlots(),
    uncovered: new Set(),
    resting: indexSlots(),
  };
}

export type NodeFacts = Omit<
  ClusterNode,
  | 'handle'
  | 'backends'
  | 'spec'
  | 'labels'
  | 'role'
  | 'removed'
  | 'evicted'
  | 'tasks'
  | 'reserved'
  | 'activeTasks'
  | 'activeByService'
  | 'hostPorts'
  | 'strays'
  | 'straysOmitted'
  | 'number'
> & {
  readonly number?: number | undefined;
  readonly straysOmitted?: number;
  readonly removed?: boolean;
  readonly evicted?: readonly string[];
};

/** A node as it is before it has any task. */
export function makeNode(
  tables: Tables,
  handle: number,
  facts: NodeFacts,
  strays: readonly string[],
): ClusterNode {
  const spec = readNodeSpec(facts.storedSpec);
  return {
    handle,
    backends: tables.backends,
    id: facts.id,
    joinedAt: facts.joinedAt,
    storedDescription: facts.storedDescription,
    description: facts.description,
    storedSpec: facts.storedSpec,
    spec,
    specSeq: facts.specSeq,
    labels: labelsOf(facts.description, spec),
    role: spec.role,
    evicted: new Set(facts.evicted),
    removed: facts.removed ?? false,
    status: facts.status,
    statusMessage: facts.statusMessage,
    statusAt: facts.statusAt,
    session: facts.session,
    reads: facts.reads,
    reportedAt: facts.reportedAt,
    number: facts.number,
    tasks: new NodeTasks(tables, { handle }),
    reserved: { nanoCpus: 0, memoryBytes: 0 },
    activeTasks: 0,
    activeByService: new Map(),
    hostPorts: new Map(),
    strays: new Set(strays),
    straysOmitted: facts.straysOmitted ?? 0,
  };
}
