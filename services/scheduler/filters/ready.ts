// Only nodes that are heard of get anything new. A suspect one keeps what it has.
import { countNodes, type Filter } from './filter.ts';

export const readyFilter: Filter = {
  name: 'ready',
  inBits: true,
  prepare: (_, roster) => ({ test: (rank) => roster.nodes[rank]!.status === 'ready' }),
  explain: (nodes) => `${countNodes(nodes)} not available for new tasks`,
};
