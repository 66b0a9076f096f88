// What tasks reserve must be free: what the node has, less what its tasks that have not ended reserve.
import { type Column, countNodes, type Filter } from './filter.ts';

const freeCpus: Column = ({ description, reserved }) => description.resources.nanoCpus - reserved.nanoCpus;
const freeMemory: Column = ({ description, reserved }) =>
  description.resources.memoryBytes - reserved.memoryBytes;

export const resourceFilter: Filter = {
  name: 'resources',
  columns: [freeCpus, freeMemory],
  prepare({ version }, roster) {
    const { nanoCpus, memoryBytes } = version.spec.resources.reservations;
    if (nanoCpus === 0 && memoryBytes === 0) return undefined;
    const [cpus, memory] = [roster.placeOf(freeCpus), roster.placeOf(freeMemory)];
    return {
      test: (rank) =>
        nanoCpus <= roster.columns[cpus]![rank]! && memoryBytes <= roster.columns[memory]![rank]!,
      take(rank) {
        roster.columns[cpus]![rank]! -= nanoCpus;
        roster.columns[memory]![rank]! -= memoryBytes;
      },
    };
  },
  explain: (nodes) => `insufficient resources on ${countNodes(nodes)}`,
};
