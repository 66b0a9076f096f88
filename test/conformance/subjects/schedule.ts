// Whole scenarios of the scheduler: nodes, tasks they have, tasks to be placed; and what comes of it.
import { isDeepStrictEqual } from 'node:util';
import type { NodeAvailability, NodeStatus, TaskStateName } from '@muster/model';
import { createScheduler } from '@muster/scheduler';
import type { Service } from '@muster/state';
import {
  assign,
  createService,
  createTasks,
  describeNode,
  desire,
  type History,
  report,
  settle,
  startHistory,
  updateNode,
  updateService,
} from '@muster/testing';
import type { Row, Subject } from '../subject.ts';

interface NodeRow {
  readonly id: string;
  readonly hostname: string;
  readonly state: string;
  readonly availability: NodeAvailability;
  readonly labels: Record<string, string>;
  readonly engineLabels?: Record<string, string>;
  readonly nanoCPUs: number;
  readonly memoryBytes: number;
  readonly platform: readonly [string, string] | null;
}

interface TaskRow {
  readonly service: string;
  readonly count: number;
  readonly nanoCPUs?: number;
  readonly memoryBytes?: number;
  readonly constraints?: readonly string[];
  readonly preferences?: readonly string[];
  readonly maxReplicas?: number;
  readonly hostPorts?: readonly (readonly [string, number])[];
}

interface ExistingRow extends TaskRow {
  readonly node: string;
  readonly state: TaskStateName;
  readonly desired: TaskStateName;
}

interface Outcome {
  /** "service@node" to how many of the tasks to be placed. */
  readonly assigned: Readonly<Record<string, number>>;
  /** What the tasks that were not are told, to how many they are. */
  readonly pendingErrors: Readonly<Record<string, number>>;
}

const taskFields = new Set(
  'service count nanoCPUs memoryBytes constraints preferences maxReplicas hostPorts specVersion node state desired'.split(
    ' ',
  ),
);

/** What a task may ask for that no spec can say yet. */
const notYet: Readonly<Record<string, string>> = {
  generic: 'generic resources',
  logDriver: 'the plugin filter',
  platforms: 'the platform filter',
  volumeDriver: 'the plugin filter',
};

export const schedule: Subject = {
  skip({ existing, pending }) {
    const asked = [...(existing as TaskRow[]), ...(pending as TaskRow[])].flatMap((task) =>
      Object.keys(task),
    );
    const missing = asked.find((field) => !taskFields.has(field));
    return missing && `needs ${notYet[missing] ?? missing}`;
  },
  start: () => runScenario,
  accepts(got, expected) {
    const { observedOutcomes } = expected as { observedOutcomes: Outcome[] };
    if (observedOutcomes.some((outcome) => isDeepStrictEqual(got, outcome))) return true;
    return observedOutcomes.length > 1 && observedOutcomes.some((outcome) => isLike(got as Outcome, outcome));
  },
};

function runScenario(row: Row): Outcome {
  const history = startHistory({ wire: 2 });
  for (const node of row.nodes as NodeRow[]) joinNode(history, node);
  for (const existing of row.existing as ExistingRow[]) placeExisting(history, existing);
  const created = new Set(
    (row.pending as TaskRow[]).flatMap((task) =>
      createTasks(history, bringService(history, task), task.count),
    ),
  );
  settle(history, createScheduler());
  const assigned: Record<string, number> = {};
  const pendingErrors: Record<string, number> = {};
  for (const id of created) {
    const { service, node } = history.state.tasks.get(id)!;
    if (node) count(assigned, `${service.spec.name}@${node.id}`);
    else count(pendingErrors, service.unschedulable?.message ?? 'nothing was said');
  }
  return { assigned, pendingErrors };
}

const statusByState: Readonly<Record<string, NodeStatus>> = {
  ready: 'ready',
  down: 'down',
  disconnected: 'down',
};

function joinNode(history: History, node: NodeRow): void {
  const { id: nodeId, nanoCPUs: nanoCpus, memoryBytes, labels, engineLabels = {}, platform } = node;
  const [os = '', architecture = ''] = platform ?? [];
  const description = describeNode(node.hostname, {
    platform: { os, architecture },
    resources: { nanoCpus, memoryBytes },
    engine: { backend: 'simulator', version: '1', labels: engineLabels },
    labels,
  });
  history.append({ type: 'node.joined', cause: 0, nodeId, session: 's', description });
  const status = statusByState[node.state];
  if (status) history.append({ type: 'node.status_changed', cause: 0, nodeId, status, message: '' });
  if (node.availability !== 'active') updateNode(history, nodeId, { availability: node.availability });
}

function placeExisting(history: History, row: ExistingRow): void {
  const service = bringService(history, row);
  const ids = createTasks(history, service, row.count);
  assign(history, row.node, ...ids);
  if (row.desired === 'shutdown' || row.desired === 'remove') desire(history, service, row.desired, ...ids);
  if (row.state === 'orphaned')
    history.append({ type: 'tasks.orphaned', cause: 0, nodeId: row.node, tasks: ids });
  else if (row.state !== 'assigned')
    report(history, row.node, ...ids.map((id) => ({ id, state: row.state })));
}

/** The service, asking of its tasks what the row asks. */
function bringService(history: History, row: TaskRow): Service {
  const body = {
    taskTemplate: {
      containerSpec: { image: 'busybox' },
      resources: { reservations: { nanoCpus: row.nanoCPUs ?? 0, memoryBytes: row.memoryBytes ?? 0 } },
      placement: {
        constraints: row.constraints ?? [],
        preferences: (row.preferences ?? []).map((spreadDescriptor) => ({ spread: { spreadDescriptor } })),
        maxReplicas: row.maxReplicas ?? 0,
      },
    },
    endpointSpec: {
      ports: (row.hostPorts ?? []).map(([protocol, port]) => {
        return { protocol, targetPort: port, publishedPort: port, publishMode: 'host' };
      }),
    },
  };
  const service = history.state.serviceByName.get('', row.service);
  if (!service) return createService(history, row.service, body);
  updateService(history, service, body);
  return service;
}

/** SwarmKit breaks ties by lot: where it does, the nodes may get as many tasks in another order. */
function isLike(got: Outcome, outcome: Outcome): boolean {
  return (
    isDeepStrictEqual(got.pendingErrors, outcome.pendingErrors) &&
    isDeepStrictEqual(listNodeCounts(got), listNodeCounts(outcome))
  );
}

function listNodeCounts({ assigned }: Outcome): number[] {
  const counts: Record<string, number> = {};
  for (const [place, tasks] of Object.entries(assigned)) count(counts, place.split('@')[1]!, tasks);
  return Object.values(counts).sort((a, b) => a - b);
}

function count(counts: Record<string, number>, key: string, amount = 1): void {
  counts[key] = (counts[key] ?? 0) + amount;
}
