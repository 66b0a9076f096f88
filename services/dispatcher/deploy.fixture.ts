// What comes before the dispatcher, for its tests: a service with tasks to be given to nodes.
import { deriveServiceId, deriveTaskId, serviceSpecSchema } from '@muster/model';
import type { History } from '@muster/testing';

export interface Deployed {
  readonly serviceId: string;
  readonly specVersion: number;
  /** In order of slot. */
  readonly tasks: readonly string[];
}

/** A service whose tasks are PENDING. */
export function deploy(history: History, name: string, replicas: number, publishedPort = 30_001): Deployed {
  const intent = history.intend('apply', name, { image: 'nginx', replicas });
  const serviceId = deriveServiceId(name, intent);
  const spec = serviceSpecSchema.parse({
    name,
    labels: { tier: 'front' },
    taskTemplate: { containerSpec: { image: 'nginx' } },
    mode: { replicated: { replicas } },
    endpointSpec: { ports: [{ targetPort: 80, publishedPort: 0, publishMode: 'host' }] },
  });
  const specVersion = history.append({
    type: 'service.created',
    cause: intent,
    serviceId,
    actor: 'ana',
    spec,
  });
  const created = Array.from({ length: replicas }, (_, index) => ({
    id: deriveTaskId(serviceId, index + 1, 1),
    slot: index + 1,
  }));
  history.append({ type: 'service.reconciled', cause: intent, serviceId, specVersion, created, why: [] });
  const ports = [{ protocol: 'tcp', targetPort: 80, publishedPort, publishMode: 'host' } as const];
  history.append({ type: 'service.allocated', cause: specVersion, serviceId, specVersion, ports });
  return { serviceId, specVersion, tasks: created.map(({ id }) => id) };
}

export function desire(
  history: History,
  { serviceId, specVersion }: Deployed,
  state: 'running' | 'shutdown' | 'remove',
  ...ids: readonly string[]
): number {
  const desired = ids.map((id) => ({ id, state }));
  return history.append({
    type: 'service.reconciled',
    cause: specVersion,
    serviceId,
    specVersion,
    desired,
    why: [],
  });
}

/** The tasks leave the state; they must have ended. */
export function reap(
  history: History,
  { serviceId, specVersion }: Deployed,
  ...ids: readonly string[]
): number {
  return history.append({
    type: 'service.reconciled',
    cause: specVersion,
    serviceId,
    specVersion,
    reaped: [...ids],
    why: [],
  });
}
