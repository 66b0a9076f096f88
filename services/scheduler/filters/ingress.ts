// A task whose service publishes through the ingress network runs where there is a driver for that one.

import { countNodes, type Filter } from './filter.ts';
import { CLUSTER_DRIVER } from './networks.ts';

export const ingressFilter: Filter = {
  name: 'ingress',
  prepare({ version }, roster) {
    if (version.ingress === undefined) return undefined;
    return {
      test(rank) {
        const { networks = [] } = roster.nodes[rank]!.description;
        return networks.includes(CLUSTER_DRIVER);
      },
    };
  },
  explain: (nodes) => `missing network driver for a port published with ingress mode on ${countNodes(nodes)}`,
};
