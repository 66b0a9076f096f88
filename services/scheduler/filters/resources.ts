// What tasks reserve must be free: what the node has, less what its tasks that have not ended reserve.
import { countNodes, type Filter } from './filter.ts';

export const resourceFilter: Filter = {
  name: 'resources',
  inBits: false,
  prepare({ version }, roster) {
    const { nanoCpus, memoryBytes } = version.spec.resources.reservations;
    if (nanoCpus === 0 && memoryBytes === 0) return undefined;
    return {
      test: (rank) => nanoCpus <= roster.nanoCpus[rank]! && memoryBytes <= roster.memoryBytes[rank]!,
      take(rank) {
        roster.nanoCpus[rank]! -= nanoCpus;
        roster.memoryBytes[rank]! -= memoryBytes;
      },
    };
  },
  explain: (nodes) => `insufficient resources on ${countNodes(nodes)}`,
};
