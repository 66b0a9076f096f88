// What tasks reserve must be free: what the node has, less what its tasks that have not ended reserve.
import { freeMemoryBytes, freeNanoCpus } from '../candidate.ts';
import { countNodes, type Filter } from './filter.ts';

export const resourceFilter: Filter = {
  name: 'resources',
  prepare({ version }) {
    const { nanoCpus, memoryBytes } = version.spec.resources.reservations;
    if (nanoCpus === 0 && memoryBytes === 0) return undefined;
    return (candidate) => nanoCpus <= freeNanoCpus(candidate) && memoryBytes <= freeMemoryBytes(candidate);
  },
  explain: (nodes) => `insufficient resources on ${countNodes(nodes)}`,
};
