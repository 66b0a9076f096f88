// A cluster in which so many tasks have been given to nodes, folded from the events that say so.
import { composeEvent, type EventDraft, encodeJson, intentSubject } from '@muster/events';
import { deriveServiceId, nodeDescriptionSchema } from '@muster/model';
import { type ClusterState, createState, foldRecord, ignoreChanges } from '@muster/state';
import { readSpec } from '../read-spec.ts';

const START_TIME = Date.UTC(2026, 0, 1);
/** Of one event: a larger one would hold up a reducer. */
const MOST_TASKS = 10_000;

interface Fold {
  record(record: { readonly subject: string; readonly data: Uint8Array }): number;
  append(draft: EventDraft): number;
}

export function foldAssignments(tasks: number, nodes: number, services: number): ClusterState {
  const state = createState();
  const changes = ignoreChanges();
  const record: Fold['record'] = ({ subject, data }) => {
    const seq = state.head + 1;
    foldRecord(state, { seq, time: START_TIME, subject, data }, changes);
    return seq;
  };
  const fold: Fold = { record, append: (draft) => record(composeEvent(draft, START_TIME)) };
  const nodeIds = Array.from({ length: nodes }, (_, index) => `node${index}`);
  for (const nodeId of nodeIds) join(nodeId, fold);
  for (let given = 0; given < tasks; given += Math.ceil(tasks / services)) {
    const ids = createTasks(Math.min(Math.ceil(tasks / services), tasks - given), given, fold);
    const share = Math.ceil(ids.length / nodes);
    for (const [index, nodeId] of nodeIds.entries()) {
      const own = ids.slice(index * share, (index + 1) * share);
      if (own.length > 0) fold.append({ type: 'tasks.assigned', cause: 0, nodeId, tasks: own, why: [] });
    }
  }
  return state;
}

function join(nodeId: string, { append }: Fold): void {
  const description = nodeDescriptionSchema.parse({
    hostname: nodeId,
    platform: { os: 'linux', architecture: 'amd64' },
    resources: { nanoCpus: 1e15, memoryBytes: 1e15 },
    engine: { backend: 'simulator', version: '1', labels: {} },
    labels: {},
  });
  append({ type: 'node.joined', cause: 0, nodeId, session: 'one', description });
  append({ type: 'node.status_changed', cause: 0, nodeId, status: 'ready', message: 'heard' });
}

/** Their ids. */
function createTasks(count: number, first: number, { record, append }: Fold): string[] {
  const name = `load${first}`;
  const body = { image: 'example/app:1', replicas: count };
  const cause = record({
    subject: intentSubject('bench', 'service', 'create', name),
    data: encodeJson(body),
  });
  const serviceId = deriveServiceId(name, cause);
  const spec = readSpec(body, name);
  const specVersion = append({ type: 'service.created', cause, serviceId, actor: 'bench', spec });
  append({ type: 'service.allocated', cause: specVersion, serviceId, specVersion, ports: [] });
  // As long as a real id, without the price of deriving it.
  const all = Array.from({ length: count }, (_, index) => ({
    id: (first + index).toString(36).padStart(25, '0'),
    slot: index + 1,
  }));
  for (let from = 0; from < count; from += MOST_TASKS) {
    const created = all.slice(from, from + MOST_TASKS);
    append({ type: 'service.reconciled', cause: 0, serviceId, specVersion, created, why: [] });
  }
  return all.map(({ id }) => id);
}
