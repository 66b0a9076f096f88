// Which networks there have to be for a service, and who keeps one from being removed: laws, as an orchestrator that admits a
// service may meet another that removes its network.
import { readStored, serviceSpecForm } from '@muster/events';
import { isPredefined, isTerminal, type ServiceSpec, TaskState } from '@muster/model';
import type { ClusterState, Service, Task } from './readonly.ts';

type Networked = Pick<ServiceSpec, 'taskTemplate'>;

/** Each of its networks is there. */
export function hasItsNetworks({ networks }: Pick<ClusterState, 'networks'>, spec: Networked): boolean {
  const { networks: attachments = [] } = spec.taskTemplate;
  return attachments.every(({ target }) => isPredefined(target) || networks.get(target)?.removed === false);
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
  networkId: string,
): NetworkUser | undefined {
  for (const service of services.values()) {
    if (!service.removed && mayUse(service, networkId)) return { service };
  }
  for (const [, { serviceId, tasks, spec }] of tables.versions) {
    if (tasks === 0 || !isOn({ taskTemplate: spec }, networkId)) continue;
    const service = services.get(serviceId)!;
    for (const task of service.tasks.values())
      if (isWanted(task) && isOn({ taskTemplate: task.version.spec }, networkId)) return { service, task };
  }
  return undefined;
}

function mayUse({ spec, update, previousSpec }: Service, networkId: string): boolean {
  if (isOn(spec, networkId)) return true;
  if (update?.state !== 'updating' || !previousSpec) return false;
  return isOn(readStored(serviceSpecForm, previousSpec), networkId);
}

function isWanted({ desired, observed }: Task): boolean {
  return desired <= TaskState.RUNNING && !isTerminal(observed);
}

function isOn({ taskTemplate: { networks = [] } }: Networked, networkId: string): boolean {
  return networks.some(({ target }) => target === networkId);
}
