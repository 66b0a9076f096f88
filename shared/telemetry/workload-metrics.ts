// The metrics of what the cluster runs. The API alone tells them, and each copy of it the same: a process that has all
// roles does not repeat them.
import { each, type Metric, one, type ValueMetric } from './metric.ts';
import type { ServiceReading } from './workloads.ts';

function ofServices(
  name: string,
  help: string,
  value: (service: ServiceReading) => number,
  type: ValueMetric['type'] = 'gauge',
): ValueMetric {
  return {
    name,
    help,
    type,
    merge: 'most',
    labels: ['team', 'service'],
    read: ({ workloads }) =>
      (workloads?.services ?? []).map((seen) => [value(seen), { team: seen.team, service: seen.service }]),
  };
}

export const workloadMetrics: readonly Metric[] = [
  {
    name: 'muster_tasks',
    help: 'Tasks that are remembered, by the state they were last seen in.',
    type: 'gauge',
    merge: 'most',
    labels: ['state'],
    read: ({ workloads }) => each('state', workloads?.tasks),
  },
  {
    name: 'muster_nodes',
    help: 'Nodes by their status.',
    type: 'gauge',
    merge: 'most',
    labels: ['state'],
    read: ({ workloads }) => each('state', workloads?.nodes),
  },
  {
    name: 'muster_services_short',
    help: 'Services, of all there are, that run fewer tasks than they should.',
    type: 'gauge',
    merge: 'most',
    read: ({ workloads }) => one(workloads?.short),
  },
  {
    name: 'muster_services_unlisted',
    help: 'Services that have no figures of their own, as there are more than the oldest 1,000.',
    type: 'gauge',
    merge: 'most',
    read: ({ workloads }) => one(workloads?.unlisted),
  },
  ofServices('muster_service_desired_tasks', 'Tasks that the service should run.', ({ desired }) => desired),
  ofServices(
    'muster_service_running_tasks',
    'Tasks of the service that run, on nodes that are not down.',
    ({ running }) => running,
  ),
  ofServices(
    'muster_service_pending_tasks',
    'Tasks of the service that no node has been found for.',
    ({ pending }) => pending,
  ),
  ofServices(
    'muster_service_failed_tasks',
    'Tasks of the service that failed or were rejected, of those that are remembered: at most five of each slot.',
    ({ failed }) => failed,
  ),
  ofServices(
    'muster_service_restarts_total',
    'Tasks of the service that were replaced by its restart policy.',
    ({ restarts }) => restarts,
    'counter',
  ),
  ofServices(
    'muster_service_updated_timestamp_seconds',
    "When the service's spec was last changed.",
    ({ updatedAt }) => updatedAt / 1000,
  ),
];
