// The records of a cluster that grows to so many running tasks: services are made one after the other, and every node
// reports its tasks four times on their way to RUNNING. As the reducers and agents would write them, in log order.
import { composeEvent, type EventDraft, encodeJson, intentSubject, type RawRecord } from '@muster/events';
import { deriveServiceId, deriveTaskId } from '@muster/model';
import { readSpec } from '../read-spec.ts';

export interface Size {
  readonly tasks: number;
  readonly services: number;
  readonly nodes: number;
}

const START_TIME = Date.UTC(2026, 0, 1);
const TASKS_PER_EVENT = 8_000;
const ladder = ['accepted', 'preparing', 'starting', 'running'] as const;

export function* growState({ tasks, services, nodes }: Size): Generator<RawRecord> {
  let seq = 0;
  const record = (written: { readonly subject: string; readonly data: Uint8Array }): RawRecord => {
    seq += 1;
    return { seq, time: START_TIME + seq, ...written };
  };
  const append = (event: EventDraft) => record(composeEvent(event, START_TIME + seq));
  const byNode = Array.from({ length: nodes }, (_, index) => ({
    nodeId: `node${index}`.padEnd(25, '0'),
    tasks: [] as string[],
  }));
  for (const { nodeId } of byNode) {
    yield append(joined(nodeId));
    yield append({ type: 'node.status_changed', cause: seq, nodeId, status: 'ready', message: '' });
  }
  const replicas = Math.ceil(tasks / services);
  let next = 0;
  for (let index = 0; index < services; index += 1) {
    const name = `service${index}`;
    const body = { image: 'registry.example.com/team/application:1.2.3', replicas };
    yield record({ subject: intentSubject('bench', 'service', 'apply', name), data: encodeJson(body) });
    const spec = readSpec(body, name);
    const serviceId = deriveServiceId(name, seq);
    yield append({ type: 'service.created', cause: seq, serviceId, actor: 'bench', spec });
    const specVersion = seq;
    yield append({ type: 'service.allocated', cause: seq, serviceId, specVersion, ports: [] });
    for (let from = 0; from < replicas; from += TASKS_PER_EVENT) {
      const count = Math.min(TASKS_PER_EVENT, replicas - from);
      const created = Array.from({ length: count }, (_, at) => {
        const slot = from + at + 1;
        return { id: deriveTaskId(serviceId, slot, 1), slot };
      });
      yield append({
        type: 'service.reconciled',
        cause: seq,
        serviceId,
        specVersion,
        created,
        why: ['bench'],
      });
      for (const { id } of created) byNode[next++ % nodes]!.tasks.push(id);
    }
  }
  for (const { nodeId, tasks: given } of byNode)
    yield append({ type: 'tasks.assigned', cause: seq, nodeId, tasks: given, why: [] });
  for (const state of ladder) {
    for (const { nodeId, tasks: given } of byNode) {
      const statuses = given.map((id) => ({
        id,
        state,
        message: state,
        ...(state === 'starting' && { runId: `run-${id}` }),
      }));
      yield append({ type: 'tasks.reported', cause: 0, nodeId, session: 'bench', statuses });
    }
  }
}

function joined(nodeId: string): EventDraft {
  return {
    type: 'node.joined',
    cause: 0,
    nodeId,
    session: 'bench',
    description: {
      hostname: nodeId,
      platform: { os: 'linux', architecture: 'amd64' },
      resources: { nanoCpus: 64e9, memoryBytes: 2 ** 38 },
      engine: { backend: 'simulator', version: '1', labels: {} },
      labels: { zone: nodeId.slice(4, 5) },
    },
  };
}
