// `network ls`: what Docker shows of a network in one line. Those that every node has of its own are shown with the cluster's.
import { type NetworkDetail, type NetworkView, shortenId } from '@muster/api';
import { networkSpecSchema, type PredefinedNetwork, predefinedDrivers } from '@muster/model';
import { type FilterTests, labelMatches, startsWith } from './filters.ts';
import type { Column, Item } from './list.ts';

export const networkColumns: readonly Column[] = [
  { field: 'ID', header: 'NETWORK ID' },
  { field: 'Name', header: 'NAME' },
  { field: 'Driver', header: 'DRIVER' },
  { field: 'Scope', header: 'SCOPE' },
];

export const networkHeaders = {
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Labels: 'LABELS',
  CreatedAt: 'CREATED AT',
  Subnets: 'SUBNETS',
  Services: 'SERVICES',
};

/** They are the same everywhere, and nowhere one. */
export function predefinedNetwork(name: PredefinedNetwork): NetworkDetail {
  const driver = predefinedDrivers[name];
  const spec = networkSpecSchema.parse({ name, driver });
  const { internal, attachable, ingress, ipv6, labels } = spec;
  return {
    id: name,
    name,
    driver,
    internal,
    attachable,
    ingress,
    ipv6,
    labels,
    subnets: [],
    services: 0,
    createdAt: 0,
    version: 0,
    spec,
    removed: false,
    blocks: [],
    members: [],
    omittedTasks: 0,
  };
}

export const predefinedNetworks: readonly NetworkView[] = (
  Object.keys(predefinedDrivers) as PredefinedNetwork[]
).map(predefinedNetwork);

/** Of those alone the id is the name. */
export function scopeOf({ id, name }: Pick<NetworkView, 'id' | 'name'>): 'swarm' | 'local' {
  return id === name ? 'local' : 'swarm';
}

export const networkFilters: FilterTests<NetworkView> = {
  id: ({ id }, value) => startsWith(id, value),
  // As Docker: any part of it will do.
  name: ({ name }, value) => name.toLowerCase().includes(value.toLowerCase()),
  driver: ({ driver }, value) => driver === value,
  label: ({ labels }, value) => labelMatches(labels, value),
  scope: (network, value) => scopeOf(network) === value,
  type: (network, value) => (scopeOf(network) === 'local' ? 'builtin' : 'custom') === value,
  dangling: (network, value) =>
    (scopeOf(network) === 'swarm' && network.services === 0) === ['1', 'true'].includes(value.toLowerCase()),
};

export function showNetwork(network: NetworkView, { noTrunc = false } = {}): Item {
  const { id, name, team = '', driver, labels, createdAt } = network;
  return {
    ID: noTrunc ? id : shortenId(id),
    Name: name,
    Team: team,
    Driver: driver,
    Scope: scopeOf(network),
    IPv4: 'true',
    IPv6: String(network.ipv6),
    Internal: String(network.internal),
    Labels: Object.entries(labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(','),
    CreatedAt: createdAt === 0 ? '' : new Date(createdAt).toISOString(),
    Subnets: network.subnets.map(({ subnet }) => subnet).join(', '),
    Services: String(network.services),
  };
}
