// A task on a network runs where there is a driver for it: SwarmKit's plugin filter, as far as networks go.
import { isPredefined, type NetworkAttachment, predefinedDrivers } from '@muster/model';
import { countNodes, type Filter } from './filter.ts';

/** Of every network of the cluster. */
export const CLUSTER_DRIVER = 'overlay';

export const networkFilter: Filter = {
  name: 'networks',
  prepare({ version }, roster) {
    const { networks = [] } = version.spec;
    if (networks.length === 0) return undefined;
    const drivers = [...new Set(networks.map(driverOf))];
    return {
      test(rank) {
        const { networks: has = [] } = roster.nodes[rank]!.description;
        return drivers.every((driver) => has.includes(driver));
      },
    };
  },
  explain: (nodes) => `missing network driver on ${countNodes(nodes)}`,
};

function driverOf({ target }: NetworkAttachment): string {
  return isPredefined(target) ? predefinedDrivers[target] : CLUSTER_DRIVER;
}
