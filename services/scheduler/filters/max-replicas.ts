// The service's own limit of tasks on one node.
import { countServiceTasks } from '../candidate.ts';
import type { Filter } from './filter.ts';

export const maxReplicasFilter: Filter = {
  name: 'max-replicas',
  prepare({ service, version }) {
    const { maxReplicas } = version.spec.placement;
    if (maxReplicas === 0) return undefined;
    return (candidate) => countServiceTasks(candidate, service.id) < maxReplicas;
  },
  // SwarmKit gives no number here.
  explain: () => 'max replicas per node limit exceed',
};
