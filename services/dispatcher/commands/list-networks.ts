// Where a task is on each of its networks, as its node is told.
import type { TaskNetwork } from '@muster/events';
import { findSubnet6 } from '@muster/model';
import { type ClusterState, findPlace, type Task } from '@muster/state';

export function listNetworks(
  { networks }: ClusterState,
  { addresses = [], version, service }: Task,
): TaskNetwork[] {
  return addresses.flatMap(({ networkId, address }) => {
    const network = networks.get(networkId);
    const found = findPlace(network, address);
    // Of a task that has ended, the network may be gone.
    if (!network || !found) return [];
    const { spec, number, subnets } = network;
    const subnet6 = findSubnet6(subnets)?.subnet;
    // Names are the service's: they may change without the task.
    const attached = [...(service.spec.taskTemplate.networks ?? []), ...(version.spec.networks ?? [])];
    const attachment = attached.find(({ target }) => target === networkId);
    return {
      id: networkId,
      name: spec.name,
      number: number!,
      address,
      prefix: found.space.subnet.prefix,
      ...(subnet6 !== undefined && { subnet6 }),
      aliases: [...(attachment?.aliases ?? [])],
      internal: spec.internal,
    };
  });
}
