// From folded state to what the API says of networks. Pure.
import { blockAt, formatBlock, isDualStack, nameTask, nameWithTeam } from '@muster/model';
import { type ClusterState, type Network, placeOfTask, type Service } from '@muster/state';
import { addressesOn, teamOf } from './describe.ts';
import type { NetworkDetail, NetworkView } from './views.ts';

/** Tasks that are listed of a network, at most: an answer is one message. */
const MAX_TASKS = 1_000;

/** Of several at once: who is on which is found once. */
export function viewNetworks(state: ClusterState): (network: Network) => NetworkView {
  let counts: Map<string, number> | undefined;
  return (network) => {
    counts ??= countServices(state);
    return viewNetwork(network, counts.get(network.id) ?? 0);
  };
}

function viewNetwork(network: Network, services: number): NetworkView {
  const { id, spec, subnets, createdAt } = network;
  const { name, driver, internal, attachable, ingress, labels } = spec;
  const traits = { driver, internal, attachable, ingress, ipv6: isDualStack(spec), labels };
  return { id, name, ...teamOf(network), ...traits, subnets: [...subnets], services, createdAt };
}

function countServices({ services }: ClusterState): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { version } of services.values())
    for (const id of version.networks) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** By their specs; and those of which tasks are on it that an update has not come to yet. */
function findUsers({ services, tables }: ClusterState, id: string): Service[] {
  const users = new Set<Service>();
  for (const service of services.values()) if (service.version.networks.includes(id)) users.add(service);
  for (const [, { serviceId, networks, tasks }] of tables.versions)
    if (tasks > 0 && networks.includes(id)) users.add(services.get(serviceId)!);
  return [...users].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
}

export function detailNetwork(state: ClusterState, network: Network): NetworkDetail {
  const { id, spec, createdSeq, number, failure } = network;
  const users = findUsers(state, id);
  const { members, omittedTasks } = listMembers(state, users, id);
  return {
    ...viewNetwork(network, users.length),
    version: createdSeq,
    spec,
    removed: network.removed,
    ...(number !== undefined && { number }),
    ...(failure !== '' && { failure }),
    blocks: listBlocks(state, network),
    members,
    omittedTasks,
  };
}

function listBlocks({ nodes }: ClusterState, { spaces }: Network): NetworkDetail['blocks'] {
  return spaces.flatMap((space) =>
    [...space.blocks()].map(({ start, size, nodeId, held }) => {
      const hostname = nodes.get(nodeId)?.description.hostname;
      const block = formatBlock(blockAt(space.subnet, start, size));
      return { block, nodeId, ...(hostname !== undefined && { hostname }), tasks: held };
    }),
  );
}

function listMembers(state: ClusterState, users: readonly Service[], id: string) {
  let room = MAX_TASKS;
  let omittedTasks = 0;
  const members = users.map((service): NetworkDetail['members'][number] => {
    const tasks: NetworkDetail['members'][number]['tasks'] = [];
    for (const task of service.tasks.values()) {
      const addresses = addressesOn(state, task.addresses ?? [], id);
      if (addresses.length === 0 || !task.node) continue;
      if (room === 0) {
        omittedTasks += 1;
        continue;
      }
      room -= 1;
      const { node } = task;
      const name = nameTask(service.spec.name, placeOfTask(task), task.id);
      tasks.push({ id: task.id, name, addresses, nodeId: node.id, hostname: node.description.hostname });
    }
    const { team, spec, addresses } = service;
    const attachment = spec.taskTemplate.networks?.find(({ target }) => target === id);
    const name = nameWithTeam({ team, name: spec.name });
    const aliases = [...(attachment?.aliases ?? [])];
    return { id: service.id, name, addresses: addressesOn(state, addresses, id), aliases, tasks };
  });
  return { members, omittedTasks };
}
