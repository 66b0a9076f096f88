// Which networks there have to be for a service, and who keeps one from being removed: laws, as an orchestrator that admits a
// service may meet another that removes its network.
import { readStored, serviceSpecForm } from '@muster/events';
import { isPredefined, isTerminal, type ServiceSpec, TaskState, usesIngress } from '@muster/model';
import type { ClusterState, Network, Service, Task } from '../readonly.ts';

type Networked = Pick<ServiceSpec, 'taskTemplate' | 'endpointSpec'>;

/** There is one at most: published ports are the cluster's. */
export function findIngressNetwork({ networks }: Pick<ClusterState, 'networks'>): Network | undefined {
  for (const network of networks.values()) if (network.spec.ingress && !network.removed) return network;
  return undefined;
}

/** Each of its networks is there. */
export function hasItsNetworks(state: Pick<ClusterState, 'networks'>, spec: Networked): boolean {
  return hasAttached(state, spec) && !lacksIngress(state, spec);
}

/** Those that it names. */
export function hasAttached({ networks }: Pick<ClusterState, 'networks'>, spec: Networked): boolean {
  const { networks: attachments = [] } = spec.taskTemplate;
  return attachments.every(({ target }) => isPredefined(target) || networks.get(target)?.removed === false);
}

/** It publishes through the one that nobody names, which is not there. */
export function lacksIngress(state: Pick<ClusterState, 'networks'>, spec: Networked): boolean {
  return usesIngress(spec) && findIngressNetwork(state) === undefined;
}

export interface NetworkUser {
  readonly service: Service;
  /** Where not what is asked of the service, but a task of an older version is on it. */
  readonly task?: Task;
}

/**
 * SwarmKit (manager/controlapi/network.go, RemoveNetwork): a service whose spec names it, or a task that is to run on it. And
 * the spec that an update may yet go back to by itself.
 */
export function findNetworkUser(
  { services, tables }: Pick<ClusterState, 'services' | 'tables'>,
  network: Network,
): NetworkUser | undefined {
  for (const service of services.values()) {
    if (!service.removed && mayUse(service, network)) return { service };
  }
  for (const [, { serviceId, tasks, networks }] of tables.versions) {
    if (tasks === 0 || !networks.includes(network.id)) continue;
    const service = services.get(serviceId)!;
    for (const task of service.tasks.values())
      if (isWanted(task) && task.version.networks.includes(network.id)) return { service, task };
  }
  return undefined;
}

function mayUse({ spec, update, previousSpec }: Service, network: Network): boolean {
  if (isOn(spec, network)) return true;
  if (update?.state !== 'updating' || !previousSpec) return false;
  return isOn(readStored(serviceSpecForm, previousSpec), network);
}

function isWanted({ desired, observed }: Task): boolean {
  return desired <= TaskState.RUNNING && !isTerminal(observed);
}

function isOn(spec: Networked, { id, spec: { ingress } }: Network): boolean {
  if (ingress) return usesIngress(spec);
  const { networks = [] } = spec.taskTemplate;
  return networks.some(({ target }) => target === id);
}
