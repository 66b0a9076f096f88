// Networks, services and their tasks as orchestrator and allocator would make them, for tests of what follows from them.
import {
  deriveNetworkId,
  deriveServiceId,
  deriveTaskId,
  type NetworkSpec,
  normaliseNetworkSpec,
  normaliseServiceSpec,
  type Port,
  type ServiceSpec,
} from '@muster/model';
import type { Network, Service } from '@muster/state';
import type { History } from './given.ts';

type Body = Record<string, unknown>;

/** A service that an intent asked for: allocated, unless told otherwise, and without tasks. */
export function createService(
  history: History,
  name: string,
  body: Body = {},
  { allocated = true, team }: { readonly allocated?: boolean; readonly team?: string } = {},
): Service {
  const spec = specOf(name, body);
  const ofTeam = team === undefined ? {} : { team };
  const cause = history.intend('create', name, body, ofTeam);
  const serviceId = deriveServiceId(name, cause, { clusterId: history.state.cluster?.id, team });
  history.append({ type: 'service.created', cause, actor: 'ana', ...ofTeam, serviceId, spec });
  const service = history.state.services.get(serviceId)!;
  if (allocated) allocateService(history, service);
  return service;
}

export function updateService(
  history: History,
  service: Service,
  body: Body,
  { allocated = true } = {},
): void {
  const spec = specOf(service.spec.name, body);
  const cause = history.intend('update', spec.name, { spec: body }, { team: service.team });
  history.append({ type: 'service.updated', cause, actor: 'ana', serviceId: service.id, spec });
  if (allocated && !service.version.ports) allocateService(history, service);
}

export function removeService(history: History, service: Service): void {
  const cause = history.intend('remove', service.spec.name, undefined, { team: service.team });
  history.append({ type: 'service.removed', cause, actor: 'ana', serviceId: service.id });
}

export function allocateService(
  history: History,
  { id: serviceId, version }: Service,
  ports: readonly Port[] = version.requestedPorts,
): void {
  const cause = version.seq;
  history.append({ type: 'service.allocated', cause, serviceId, specVersion: cause, ports: [...ports] });
}

/** One task of the current version in each of the next slots. Returns their ids. */
export function createTasks(history: History, service: Service, count = 1): string[] {
  const first = service.highestSlot + 1;
  return replaceTasks(
    history,
    service,
    Array.from({ length: count }, (_, index) => first + index),
  );
}

/** One task of a global service on every node that is to have one and has none. Returns their ids. */
export function coverNodes(history: History, service: Service): string[] {
  const first = service.highestSlot + 1;
  const nodes = [...service.uncovered].map(({ id }) => id);
  return replaceTasks(
    history,
    service,
    nodes.map((_, index) => first + index),
    nodes,
  );
}

/** The next task of each of the slots, which belong to these nodes from here on if any. Returns their ids. */
export function replaceTasks(
  history: History,
  service: Service,
  slots: readonly number[],
  nodes: readonly string[] = [],
): string[] {
  const created = slots.map((slot, index) => {
    const known = service.slots.get(slot);
    const generation = (known?.generation ?? 0) + 1;
    const node = nodes[index] ?? known?.node?.id;
    const id = deriveTaskId(service.id, slot, generation);
    return { id, slot, generation, ...(node !== undefined && { node }) };
  });
  const specVersion = service.version.seq;
  history.append({
    type: 'service.reconciled',
    cause: specVersion,
    serviceId: service.id,
    specVersion,
    created,
    why: [],
  });
  return created.map(({ id }) => id);
}

export function desire(
  history: History,
  service: Service,
  state: 'shutdown' | 'remove',
  ...tasks: readonly string[]
): void {
  history.append({
    type: 'service.reconciled',
    cause: history.state.head,
    serviceId: service.id,
    specVersion: service.version.seq,
    desired: tasks.map((id) => ({ id, state })),
    why: [],
  });
}

/** A network that an intent asked for; nothing is allocated. The log must be of wire version 2. */
export function createNetwork(
  history: History,
  name: string,
  body: Body = {},
  { team }: { readonly team?: string } = {},
): Network {
  const spec = networkSpecOf(name, body);
  const ofTeam = team === undefined ? {} : { team };
  const cause = history.intend('create', name, body, { kind: 'network', ...ofTeam });
  const networkId = deriveNetworkId(name, cause, { clusterId: history.state.cluster?.id, team });
  history.append({ type: 'network.created', cause, actor: 'ana', ...ofTeam, networkId, spec });
  return history.state.networks.get(networkId)!;
}

export function removeNetwork(history: History, { id: networkId, team, spec }: Network): void {
  const cause = history.intend('remove', spec.name, undefined, { kind: 'network', team });
  history.append({ type: 'network.removed', cause, actor: 'ana', networkId });
}

function networkSpecOf(name: string, body: Body): NetworkSpec {
  const normalised = normaliseNetworkSpec(body, name);
  if (!normalised.ok) throw new Error(normalised.refusal.message);
  return normalised.spec;
}

function specOf(name: string, body: Body): ServiceSpec {
  const complete = 'taskTemplate' in body ? body : { image: 'busybox', ...body };
  const normalised = normaliseServiceSpec(complete, name);
  if (!normalised.ok) throw new Error(normalised.refusal.message);
  return normalised.spec;
}
