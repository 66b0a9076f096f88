// Networks: each is given a number and subnets, once. It is looked at until it has them, or was told why not.
import { DEFAULT_TEAM } from '@muster/model';
import type { LookedAfter } from '@muster/runtime';
import type { ClusterState, Network } from '@muster/state';
import { allocateNetwork } from './allocate-network.ts';
import type { Given } from './given.ts';

export function allocateNetworks(given: Given): LookedAfter {
  /** Networks that were told why not, to be looked at again when another is gone. */
  const refused = new Set<string>();
  let known: ClusterState;
  return {
    name: 'networks',
    subject: 'network',
    perRound: 512,
    tenantOf: ({ networks }, id) => networks.get(id)?.team ?? DEFAULT_TEAM,
    *concerned({ networks }, changes) {
      let isOneGone = false;
      for (const id of changes.networks) {
        const network = networks.get(id);
        refused.delete(id);
        if (!network) isOneGone = true;
        if (!network || !needsAllocation(network)) continue;
        if (network.failure !== '') refused.add(id);
        yield id;
      }
      if (isOneGone) yield* refused;
    },
    look(state, id) {
      known = state;
      const network = state.networks.get(id);
      return network && needsAllocation(network)
        ? { event: allocateNetwork(state, network, given) }
        : undefined;
    },
    beginRound: () => given.clear(),
    give: (event) => given.note(known, event),
  };
}

function needsAllocation({ number, removed }: Network): boolean {
  return number === undefined && !removed;
}
