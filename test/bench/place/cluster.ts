// Clusters of any size, and services that wait to be placed on them: folded from events, as any state is.
import { composeEvent, type EventDraft, type RawRecord } from '@muster/events';
import { deriveServiceId, deriveTaskId } from '@muster/model';
import { type Changes, createChanges, createState, type FoldedState, foldRecord } from '@muster/state';
import { readSpec } from '../read-spec.ts';

export const ZONES = 10;
export const MAX_CONSTRAINTS = 20;

export interface Wishes {
  readonly constraints: number;
  /** Of all but the first, no other service has the same. */
  readonly own?: boolean;
  readonly reservations: boolean;
  readonly ports: boolean;
  /** Spread over the zones. */
  readonly preference: boolean;
}

export interface Cluster {
  readonly state: FoldedState;
  readonly changes: Changes;
  /** Encodes, decodes and folds it: all that is done with a decision but storing it. */
  append(event: EventDraft): void;
}

const NOW = Date.UTC(2026, 0, 1);
const GIB = 1024 ** 3;

/** Records of nodes that joined and are ready: the first of a log, which can be folded more than once. */
export function tellNodes(count: number): RawRecord[] {
  const records: RawRecord[] = [];
  for (const event of describeNodes(count)) {
    records.push({ seq: records.length + 1, time: NOW, ...composeEvent(event, NOW) });
  }
  return records;
}

function* describeNodes(count: number): Generator<EventDraft> {
  const labelsByZone = Array.from({ length: ZONES }, (_, zone) => {
    const labels = Array.from({ length: MAX_CONSTRAINTS }, (_, index) => [`l${index}`, 'yes']);
    return { ...Object.fromEntries(labels), zone: `z${zone}` } as Record<string, string>;
  });
  for (let index = 0; index < count; index += 1) {
    const nodeId = `node-${index.toString().padStart(6, '0')}`;
    const description = {
      hostname: nodeId,
      platform: { os: 'linux', architecture: 'amd64' },
      resources: { nanoCpus: 4096e9, memoryBytes: 16_384 * GIB },
      engine: { backend: 'simulator', version: '1', labels: {} },
      labels: labelsByZone[index % ZONES]!,
    };
    yield { type: 'node.joined', cause: 0, nodeId, session: 's', description };
    yield { type: 'node.status_changed', cause: 0, nodeId, status: 'ready', message: '' };
  }
}

export function buildCluster(nodes: readonly RawRecord[]): Cluster {
  const state = createState();
  const changes = createChanges();
  function fold(subject: string, data: Uint8Array): void {
    const fact = foldRecord(state, { seq: state.head + 1, time: NOW, subject, data }, changes);
    if (fact.is === 'poison') throw new Error(`${subject}: ${fact.reason}`);
  }
  for (const record of nodes) foldRecord(state, record, changes);
  return {
    state,
    changes,
    append(event) {
      const { subject, data } = composeEvent(event, NOW);
      fold(subject, data);
    },
  };
}

/** A service whose tasks all wait for a node. */
export function deploy(
  { state, changes, append }: Cluster,
  index: number,
  tasks: number,
  wishes: Wishes,
): void {
  const name = `service-${index}`;
  const spec = readSpec(describeService(index, wishes), name);
  const intent = {
    seq: state.head + 1,
    time: NOW,
    subject: `muster.intent.bench.service.create.${name}`,
    data: new Uint8Array(),
  };
  foldRecord(state, intent, changes);
  const cause = state.head;
  const serviceId = deriveServiceId(name, cause);
  append({ type: 'service.created', cause, actor: 'bench', serviceId, spec } as EventDraft);
  const specVersion = state.head;
  const { ports } = spec.endpointSpec;
  append({ type: 'service.allocated', cause: specVersion, serviceId, specVersion, ports });
  const created = Array.from({ length: tasks }, (_, place) => {
    const slot = place + 1;
    return { id: deriveTaskId(serviceId, slot, 1), slot, generation: 1 };
  });
  append({ type: 'service.reconciled', cause: specVersion, serviceId, specVersion, created, why: [] });
}

function describeService(
  index: number,
  { constraints, own = false, reservations, ports, preference }: Wishes,
): object {
  // The first refuses a tenth of the nodes; the others let all pass that the first does, and have to be asked.
  const all = Array.from({ length: constraints }, (_, place) =>
    place === 0 ? 'node.labels.zone!=z0' : `node.labels.l${place - 1}${own ? `!=no-${index}` : '==yes'}`,
  );
  return {
    image: 'busybox',
    placement: {
      constraints: all,
      maxReplicas: 1_000_000,
      ...(preference && { preferences: ['spread=node.labels.zone'] }),
    },
    ...(reservations && { resources: { reservations: { cpus: 0.001, memory: '4m' } } }),
    ...(ports && { ports: [{ target: 80, published: 1024 + (index % 64_000), mode: 'host' }] }),
  };
}
