// What the cluster runs, as folded: tasks and nodes by state, and the figures of each service. Nothing here looks at a
// single task: what is summed up was counted when it changed.
import type { EventFact } from '@muster/events';
import { nameTaskState, nodeStatuses } from '@muster/model';
import { type ClusterState, countWanted, type Service } from '@muster/state';

/** Services that have figures of their own, oldest first. So many hold up the process for 40 ms at a scrape, 10,000 for half a second. */
export const MOST_SERVICES = 1_000;

export interface Workloads {
  readonly tasks: Readonly<Record<string, number>>;
  readonly nodes: Readonly<Record<string, number>>;
  readonly services: readonly ServiceReading[];
  /** Services that have no figures of their own. */
  readonly unlisted: number;
  /** Services, of all, that run fewer tasks than they should. */
  readonly short: number;
}

export interface ServiceReading {
  /** '' for the default team. */
  readonly team: string;
  readonly service: string;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  readonly failed: number;
  readonly restarts: number;
  readonly updatedAt: number;
}

/** Restarts by service id, since somebody began to count. */
export type RestartCounts = Map<string, number>;

export function countRestarts(restarts: RestartCounts, { event }: EventFact): void {
  if (event.type !== 'service.reconciled') return;
  const count = event.created.filter(({ cause }) => cause === 'restart').length;
  if (count > 0) restarts.set(event.serviceId, (restarts.get(event.serviceId) ?? 0) + count);
}

export function readWorkloads(state: ClusterState, restarts: RestartCounts): Workloads {
  for (const id of restarts.keys()) if (!state.services.has(id)) restarts.delete(id);
  const services: ServiceReading[] = [];
  let short = 0;
  for (const service of state.serviceByName.values()) {
    const desired = countWanted(service);
    if (service.runningTasks < desired) short += 1;
    if (services.length < MOST_SERVICES)
      services.push(readService(service, desired, restarts.get(service.id) ?? 0));
  }
  return {
    tasks: Object.fromEntries(
      [...state.tables.tasksByState].map(([observed, count]) => [nameTaskState(observed), count]),
    ),
    nodes: countNodes(state),
    services,
    unlisted: state.serviceByName.size - services.length,
    short,
  };
}

function readService(service: Service, desired: number, restarts: number): ServiceReading {
  return {
    team: service.team,
    service: service.spec.name,
    desired,
    running: service.runningTasks,
    pending: service.pending.size,
    failed: service.failedTasks,
    restarts,
    updatedAt: service.updatedAt,
  };
}

function countNodes({ nodes }: ClusterState): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(nodeStatuses.map((status) => [status, 0]));
  for (const { status } of nodes.values()) counts[status]! += 1;
  return counts;
}
