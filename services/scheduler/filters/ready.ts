// Only nodes that are heard of get anything new. A suspect one keeps what it has.
import { countNodes, type Filter, type Test } from './filter.ts';

const isReady: Test = ({ node }) => node.status === 'ready';

export const readyFilter: Filter = {
  name: 'ready',
  prepare: () => isReady,
  explain: (nodes) => `${countNodes(nodes)} not available for new tasks`,
};
