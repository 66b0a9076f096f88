// The log of a cluster full of running tasks, written by the real orchestrator, allocator and scheduler in this process;
// the agents are played here. Its history is tasks that failed and were replaced, all of them so many times over.
import { createAllocator } from '@muster/allocator';
import { composeEvent, type EventDraft, encodeJson, intentSubject, type TaskStatus } from '@muster/events';
import { deriveId, TaskState } from '@muster/model';
import { createOrchestrator } from '@muster/orchestrator';
import type { Reducer } from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import { type ClusterState, clearChanges, createChanges, createState, foldRecord } from '@muster/state';
import type { Written } from '../replay/story.ts';

export interface PopulationOptions {
  readonly nodes: number;
  readonly services: number;
  readonly tasks: number;
  /** How many times every task has failed and been replaced. */
  readonly history: number;
}

export interface Population {
  readonly state: ClusterState;
  /** Everything up to the end of the history. */
  fill(): Generator<Written>;
  /** One more task of each node fails and is replaced: what comes after a snapshot. */
  goOn(): Generator<Written>;
}

const START_TIME = Date.UTC(2026, 0, 1);
const TICK_MS = 1000;
/** Services deployed, or failing, at the same time: what a node has to say of them is one report. */
const TASKS_AT_ONCE = 50_000;
const RUNNING = { state: 'running', message: 'started' } as const;
const FAILED = { state: 'failed', message: 'started', err: 'task: non-zero exit (1)', exitCode: 1 } as const;

export function createPopulation(options: PopulationOptions): Population {
  const state = createState();
  const reducers: readonly Reducer[] = [createOrchestrator(), createAllocator(), createScheduler()];
  const changes = createChanges();
  /** What nodes have to say of their tasks. */
  const reports = new Map<string, TaskStatus[]>();
  let now = START_TIME;
  let written: Written[] = [];

  function record(one: Written): void {
    written.push(one);
    foldRecord(state, { seq: state.head + 1, time: now, ...one }, changes);
  }

  function append(event: EventDraft): void {
    record(composeEvent(event, now));
  }

  /** Until nobody has anything to decide, and every task that has a node runs. */
  function* settle(): Generator<Written> {
    let quiet = 0;
    for (let turn = 0; quiet < reducers.length; turn += 1) {
      for (const reducer of reducers) reducer.notice(state, changes);
      for (const id of changes.tasks) noteTask(id);
      clearChanges(changes);
      const decisions = reducers[turn % reducers.length]!.decide(state, now);
      for (const { event } of decisions) append(event);
      quiet = decisions.length > 0 ? 0 : quiet + 1;
      if (quiet === reducers.length && reports.size > 0) {
        quiet = 0;
        tellReports();
      }
      yield* written;
      written = [];
    }
    now += TICK_MS;
  }

  function noteTask(id: string): void {
    const task = state.tasks.get(id);
    if (!task?.node || task.desired !== TaskState.RUNNING || task.observed >= TaskState.RUNNING) return;
    report(task.node.id, { id, runId: deriveId(id, 'process'), ...RUNNING });
  }

  function report(nodeId: string, status: TaskStatus): void {
    const statuses = reports.get(nodeId);
    if (statuses) statuses.push(status);
    else reports.set(nodeId, [status]);
  }

  function tellReports(): void {
    now += TICK_MS;
    for (const [nodeId, statuses] of reports) {
      // A task may have been noticed more than once.
      const once = [...new Map(statuses.map((status) => [status.id, status])).values()];
      append({ type: 'tasks.reported', cause: 0, nodeId, session: nodeId, statuses: once, gone: [] });
    }
    reports.clear();
  }

  function* failAll(serviceIds: readonly string[]): Generator<Written> {
    for (const serviceId of serviceIds) {
      for (const task of state.services.get(serviceId)!.tasks.values()) {
        if (task.observed === TaskState.RUNNING && task.node)
          report(task.node.id, { id: task.id, ...FAILED });
      }
    }
    tellReports();
    yield* settle();
  }

  function* fill(): Generator<Written> {
    // Or the first orchestrator that starts would write it, and the log be longer than was told.
    append({
      type: 'cluster.created',
      cause: 0,
      clusterId: deriveId('cluster', options.tasks),
      name: 'bench',
    });
    for (let index = 0; index < options.nodes; index += 1) for (const event of join(index)) append(event);
    yield* settle();
    const replicas = Math.ceil(options.tasks / options.services);
    const together = Math.max(1, Math.floor(TASKS_AT_ONCE / replicas));
    for (let first = 0; first < options.services; first += together) {
      for (let index = first; index < Math.min(first + together, options.services); index += 1) {
        const subject = intentSubject('bench', 'service', 'apply', `service-${index}`);
        record({ subject, data: encodeJson({ image: 'shop/web:1', replicas, restart: { delay: 0 } }) });
      }
      yield* settle();
    }
    const ids = [...state.services.keys()];
    for (let time = 0; time < options.history; time += 1) {
      for (let first = 0; first < ids.length; first += together)
        yield* failAll(ids.slice(first, first + together));
    }
  }

  function* goOn(): Generator<Written> {
    for (const node of state.nodes.values()) {
      for (const task of node.tasks.values()) {
        if (task.observed !== TaskState.RUNNING) continue;
        report(node.id, { id: task.id, ...FAILED });
        break;
      }
    }
    tellReports();
    yield* settle();
  }

  return { state, fill, goOn };
}

function join(index: number): EventDraft[] {
  const nodeId = deriveId('node', index);
  const description = {
    hostname: `node${index + 1}`,
    platform: { os: 'linux', architecture: 'x86_64' },
    resources: { nanoCpus: 64e9, memoryBytes: 256 * 1024 ** 3 },
    engine: { backend: 'docker', version: '27.0.1', labels: {} },
    labels: { zone: `z${index % 3}` },
  };
  return [
    { type: 'node.joined', cause: 0, nodeId, session: nodeId, description },
    { type: 'node.status_changed', cause: 0, nodeId, status: 'ready', message: 'heartbeat received' },
  ];
}
