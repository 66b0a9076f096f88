// What the node's resolver is to answer: of each network the names, and who asks from where. Pure.
import type { NetworkEndpoints, ServiceEndpoints } from '@muster/events';
import { findSubnet6, twinOf } from '@muster/model';
import { type Askers, isHostName, NAMES_VERSION, type NetworkNames } from '@muster/resolver';
import type { EndpointTables } from '../endpoints/endpoint-tables.ts';
import type { PlacedTask } from './make-plan.ts';

/** Of the networks that tasks of this node are on: nobody else here asks. */
export function makeNames(
  tasks: readonly PlacedTask[],
  { networks, services }: EndpointTables,
): NetworkNames[] {
  const ids = new Set(tasks.flatMap((task) => task.networks.map(({ id }) => id)));
  return [...ids].flatMap((id) => {
    const network = networks.get(id);
    if (network === undefined) return [];
    // Those that publish something have nothing to do with one another.
    const named = network.network.ingress ? [] : [...(services.get(id)?.values() ?? [])];
    return [nameNetwork(network, named)];
  });
}

export function makeAskers(tasks: readonly PlacedTask[]): Askers {
  const askers = tasks.flatMap(({ networks, nameservers }) => {
    const ids = networks.map(({ id }) => id);
    return networks.map(
      ({ address }) =>
        [address, { networks: ids, ...(nameservers && { nameservers: [...nameservers] }) }] as const,
    );
  });
  return { v: NAMES_VERSION, askers: Object.fromEntries(askers) };
}

function nameNetwork({ network }: NetworkEndpoints, services: readonly ServiceEndpoints[]): NetworkNames {
  const subnet6 = findSubnet6(network.subnets)?.subnet;
  const withTwin = (text: string) => (subnet6 === undefined ? [text] : [text, twinOf(subnet6, text)]);
  const names = new Map<string, Set<string>>();
  const hosts = new Map<string, string>();
  // Two services may share an alias, or a name where they are of two teams: all of them answer.
  const call = (name: string, addresses: readonly string[]) => {
    if (!isHostName(name)) return;
    const key = name.toLowerCase();
    names.set(key, new Set([...(names.get(key) ?? []), ...addresses.flatMap(withTwin)]));
  };
  for (const { service, address, aliases, tasks } of services) {
    const each = tasks.map((task) => task.address);
    const whole = address === undefined ? each : [address];
    for (const name of [service.name, ...aliases]) call(name, whole);
    call(`tasks.${service.name}`, each);
    for (const task of tasks) {
      for (const name of [task.name, task.hostname ?? '']) call(name, [task.address]);
      for (const one of withTwin(task.address)) hosts.set(one, `${task.name}.${network.name}`);
    }
    for (const one of address === undefined ? [] : withTwin(address))
      hosts.set(one, `${service.name}.${network.name}`);
  }
  return {
    v: NAMES_VERSION,
    network: network.id,
    name: network.name,
    subnets: network.subnets.map(({ subnet }) => subnet),
    internal: network.internal,
    names: Object.fromEntries([...names].map(([name, addresses]) => [name, [...addresses]])),
    hosts: Object.fromEntries([...hosts].filter(([, host]) => isHostName(host))),
  };
}
