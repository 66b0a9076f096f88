// A task runs on a backend of the kind that its cluster is for.
import { isFit } from '../nodes/backends.ts';
import { countNodes, type Filter } from './filter.ts';

export const backendFilter: Filter = {
  name: 'backend',
  prepare({ version }, roster) {
    const { image } = version.spec.containerSpec;
    if (!roster.backends.fitFor(image)) return undefined;
    // Nodes of another kind may come and go while it is kept.
    return {
      test: (rank) => isFit(roster.backends, image, rank),
      passes: () => roster.backends.fitFor(image),
    };
  },
  explain: (nodes) => `backend not for this task on ${countNodes(nodes)}`,
};
