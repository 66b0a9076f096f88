// Only nodes that are heard of, and are to get tasks, get anything new. A suspect one keeps what it has, and so does one that
// is paused.
import { isAvailable } from '../nodes/availability.ts';
import { countNodes, type Filter } from './filter.ts';

export const readyFilter: Filter = {
  name: 'ready',
  prepare: (_, roster) => ({
    test: (rank) => isAvailable(roster.nodes[rank]!),
    passes: () => roster.ready.words,
  }),
  explain: (nodes) => `${countNodes(nodes)} not available for new tasks`,
};
