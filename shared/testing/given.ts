// Given a history, what is the state? Builds it through the real compose, decode and evolve, one record after the
// other, one second apart unless told otherwise.
import {
  composeEvent,
  definitionByType,
  type EventDraft,
  encodeJson,
  FIRST_WIRE_VERSION,
  intentSubject,
  type RawRecord,
  type TaskStatus,
} from '@muster/events';
import {
  DEFAULT_TEAM,
  type NodeDescription,
  type NodeSpec,
  type NodeStatus,
  type TaskStateName,
  withoutYounger,
} from '@muster/model';
import {
  type Changes,
  type ClusterState,
  createChanges,
  createState,
  type FoldedState,
  findVoids,
  foldRecord,
  type Service,
  type Task,
} from '@muster/state';

export const START_TIME = Date.UTC(2026, 0, 1);

export interface History {
  readonly state: FoldedState;
  /** Everything touched so far; clear it as a reducer would. */
  readonly changes: Changes;
  readonly records: RawRecord[];
  readonly now: number;
  /** Lets time pass before the next record. */
  wait(ms: number): History;
  /** Somebody publishes an intent. Returns its sequence. */
  intend(
    verb: string,
    name: string | undefined,
    body: unknown,
    options?: { readonly actor?: string; readonly kind?: string; readonly team?: string },
  ): number;
  /** A reducer or an agent appends an event. Returns its sequence. */
  append(event: EventDraft): number;
  /** Anything at all, as it arrives. Returns its sequence. */
  record(subject: string, data: Uint8Array): number;
}

/** A log of the first wire version, unless a younger one is asked for: then its first records raise it. */
export function startHistory({ wire = FIRST_WIRE_VERSION } = {}): History {
  const state = createState();
  const changes = createChanges();
  const records: RawRecord[] = [];
  let now = START_TIME;
  function record(subject: string, data: Uint8Array): number {
    const raw: RawRecord = { seq: state.head + 1, subject, time: now, data };
    records.push(raw);
    foldRecord(state, raw, changes);
    now += 1000;
    return raw.seq;
  }
  const history: History = {
    state,
    changes,
    records,
    get now() {
      return now;
    },
    wait(ms) {
      now += ms;
      return this;
    },
    intend: (verb, name, body, { actor = 'ana', kind = 'service', team } = {}) =>
      record(
        intentSubject(actor, kind, verb, name, team),
        body === undefined ? new Uint8Array() : encodeJson(body),
      ),
    append(event) {
      const { subject, data } = composeAsOf(event, now, state.wireVersion);
      return record(subject, data);
    },
    record,
  };
  if (wire > FIRST_WIRE_VERSION) raiseTo(history, wire);
  return history;
}

/** As a writer of that wire version would have said it: without what is younger. */
export function composeAsOf(draft: EventDraft, now: number, wire = FIRST_WIRE_VERSION) {
  const { schema } = definitionByType.get(draft.type)!;
  return composeEvent(withoutYounger(draft, schema, wire), now, { wire });
}

function raiseTo(history: History, version: number): void {
  history.append({ type: 'cluster.created', cause: 0, clusterId: 'c'.repeat(25), name: 'test' });
  history.append({ type: 'cluster.version_raised', cause: 1, version });
}

/** The state after these records. */
export function foldAll(records: readonly RawRecord[]): FoldedState {
  const state = createState(findVoids(records));
  for (const record of records) foldRecord(state, record, createChanges());
  return state;
}

/** A node of 4 CPUs and 8 GiB, ready. */
export function joinReadyNode(
  history: History,
  nodeId: string,
  description: Partial<NodeDescription> = {},
): void {
  history.append({
    type: 'node.joined',
    cause: 0,
    nodeId,
    session: `session-${nodeId}`,
    description: describeNode(nodeId, description),
  });
  changeStatus(history, nodeId, 'ready');
}

export function describeNode(hostname: string, description: Partial<NodeDescription> = {}): NodeDescription {
  return {
    hostname,
    platform: { os: 'linux', architecture: 'amd64' },
    resources: { nanoCpus: 4e9, memoryBytes: 8 * 1024 ** 3 },
    engine: { backend: 'simulator', version: '1', labels: {} },
    labels: {},
    ...description,
  };
}

export function report(
  history: History,
  nodeId: string,
  ...statuses: readonly (Pick<TaskStatus, 'id' | 'err' | 'message' | 'exitCode' | 'runId' | 'ready'> & {
    readonly state: TaskStateName;
  })[]
): number {
  const { session } = history.state.nodes.get(nodeId)!;
  return history.append({ type: 'tasks.reported', cause: 0, nodeId, session, statuses } as EventDraft);
}

export function assign(history: History, nodeId: string, ...tasks: readonly string[]): number {
  return history.append({
    type: 'tasks.assigned',
    cause: history.state.head,
    nodeId,
    tasks: [...tasks],
    why: [],
  });
}

/** As a dispatcher judges it. Returns the event's sequence. */
export function changeStatus(history: History, nodeId: string, status: NodeStatus): number {
  return history.append({
    type: 'node.status_changed',
    cause: history.state.head,
    nodeId,
    status,
    message: '',
  });
}

/** An operator wants something of a node. The log must be of wire version 2. Returns the event's sequence. */
export function updateNode(history: History, nodeId: string, change: Partial<NodeSpec>): number {
  const { spec } = history.state.nodes.get(nodeId)!;
  const cause = history.intend('update', nodeId, change, { kind: 'node' });
  return history.append({ type: 'node.updated', cause, nodeId, actor: 'ana', spec: { ...spec, ...change } });
}

/** Returns the event's sequence. */
export function removeNode(history: History, nodeId: string): number {
  const cause = history.intend('remove', nodeId, { force: true }, { kind: 'node' });
  return history.append({ type: 'node.removed', cause, nodeId, actor: 'ana' });
}

/** How many tasks of the service each node has. */
export function spreadOf(service: Service): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { node } of service.tasks.values())
    if (node) counts.set(node.id, (counts.get(node.id) ?? 0) + 1);
  return Object.fromEntries(counts);
}

export function serviceNamed(state: ClusterState, name: string, team = DEFAULT_TEAM): Service {
  const service = state.serviceByName.get(team, name);
  if (!service) throw new Error(`no service ${name} in this state`);
  return service;
}

/** The tasks of a service in order of slot and age. */
export function tasksOf(service: Service): Task[] {
  return [...service.tasks.values()].sort(
    (a, b) => a.slot.number - b.slot.number || a.generation - b.generation,
  );
}
