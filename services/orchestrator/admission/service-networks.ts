// The networks of a service's spec: from the names that a user writes to the ids that are stored.
import { checkAttachedTwice, isPredefined, type NetworkAttachment, type ServiceSpec } from '@muster/model';
import type { ClusterState } from '@muster/state';
import { type Refused, refusal } from './judge.ts';
import { findNetwork } from './network.ts';

/** The same spec with every network by its id, in Docker's order; one without networks as it is. */
export function resolveNetworks(
  state: ClusterState,
  team: string,
  spec: ServiceSpec,
): { readonly spec: ServiceSpec } | Refused {
  const { networks, ...rest } = spec.taskTemplate;
  if (networks === undefined) return { spec };
  if (networks.length === 0) return { spec: { ...spec, taskTemplate: rest } };
  const resolved: NetworkAttachment[] = [];
  for (const [index, attachment] of networks.entries()) {
    const target = resolveTarget(state, team, attachment.target, `networks.${index}`);
    if (typeof target !== 'string') return target;
    resolved.push({ ...attachment, target });
    const twice = checkAttachedTwice(resolved, index);
    if (twice) return { refusal: twice };
  }
  // As docker's command line: the order in which they are named changes no task.
  resolved.sort((a, b) => (a.target < b.target ? -1 : 1));
  return { spec: { ...spec, taskTemplate: { ...rest, networks: resolved } } };
}

function resolveTarget(state: ClusterState, team: string, target: string, field: string): string | Refused {
  if (isPredefined(target)) return target;
  const network = findNetwork(state, team, target, field);
  if ('refusal' in network) return network;
  if (!network.spec.ingress) return network.id;
  const { name } = network.spec;
  return refusal('invalid', `Service cannot be explicitly attached to the ingress network "${name}"`, field);
}
