// What one event costs that touches every task of a service: a new spec, ports found for tasks that waited for them, and
// the removal of the service.
import { compileChecks, composeEvent, type EventDraft, encodeJson, intentSubject } from '@muster/events';
import { deriveServiceId, deriveTaskId } from '@muster/model';
import { createChanges, createState, type FoldedState, foldRecord, ignoreChanges } from '@muster/state';
import { readSpec } from '../read-spec.ts';
import { printResult, say } from '../report.ts';
import { growState } from './grow-state.ts';

const TASKS_PER_EVENT = 8_000;
const NODES = 1_000;

export function measureTouching(tasks: number): void {
  say(`one service of ${tasks} tasks`);
  // As a copy has done before it reads the log.
  for (const _ of compileChecks());
  const cluster = createState();
  const nobodyLooks = ignoreChanges();
  for (const record of growState({ tasks, services: 1, nodes: NODES }))
    foldRecord(cluster, record, nobodyLooks);
  const [service] = cluster.services.values();
  const serviceId = service!.id;
  const { append, intend } = createWriter(cluster);

  const cause = intend('apply', 'service0');
  const updated = append({
    type: 'service.updated',
    cause,
    serviceId,
    actor: 'bench',
    spec: describe('service0', '2'),
  });
  const allocated = append(makeWaitingService());
  const removal = intend('remove', 'service0');
  const removed = append({ type: 'service.removed', cause: removal, serviceId, actor: 'bench' });

  printResult({
    bench: 'state',
    n: tasks,
    system: 'one service',
    updateNsPerTask: updated / tasks,
    allocateNsPerTask: allocated / tasks,
    removeNsPerTask: removed / tasks,
  });

  /** Its tasks are there, and its ports are yet to be found; the event that finds them. */
  function makeWaitingService(): EventDraft {
    const intent = intend('apply', 'waiting');
    const id = deriveServiceId('waiting', intent);
    append({
      type: 'service.created',
      cause: intent,
      serviceId: id,
      actor: 'bench',
      spec: describe('waiting', '1'),
    });
    const specVersion = cluster.head;
    for (let from = 0; from < tasks; from += TASKS_PER_EVENT) {
      const created = Array.from({ length: Math.min(TASKS_PER_EVENT, tasks - from) }, (_, at) => ({
        id: deriveTaskId(id, from + at + 1, 1),
        slot: from + at + 1,
      }));
      append({ type: 'service.reconciled', cause: 0, serviceId: id, specVersion, created, why: [] });
    }
    return { type: 'service.allocated', cause: 0, serviceId: id, specVersion, ports: [] };
  }
}

/** Appends to the state, as a copy that is caught up folds it; and says how many nanoseconds of processor time that took. */
function createWriter(cluster: FoldedState) {
  const record = (subject: string, data: Uint8Array): number => {
    const one = { seq: cluster.head + 1, time: cluster.headTime + 1, subject, data };
    const started = process.cpuUsage();
    foldRecord(cluster, one, createChanges());
    const { user, system } = process.cpuUsage(started);
    return 1_000 * (user + system);
  };
  return {
    append(event: EventDraft): number {
      const { subject, data } = composeEvent(event, cluster.headTime);
      return record(subject, data);
    },
    intend(verb: string, name: string): number {
      record(intentSubject('bench', 'service', verb, name), encodeJson({}));
      return cluster.head;
    },
  };
}

function describe(name: string, tag: string) {
  return readSpec({ image: `registry.example.com/team/application:${tag}` }, name);
}
