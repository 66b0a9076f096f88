// The service's own limit of tasks on one node.
import type { Filter } from './filter.ts';

export const maxReplicasFilter: Filter = {
  name: 'max-replicas',
  prepare({ version }) {
    const { maxReplicas } = version.spec.placement;
    return maxReplicas === 0 ? undefined : { test: (_, serviceTasks) => serviceTasks < maxReplicas };
  },
  // SwarmKit gives no number here.
  explain: () => 'max replicas per node limit exceed',
};
