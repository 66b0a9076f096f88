// A global service has its places on nodes: on which it is to have one.
import { countReplicas, modeOf } from '@muster/model';
import type { ClusterNode, Service } from '../readonly.ts';
import { meetsConstraints } from './outdated.ts';

export function isGlobal({ spec }: Pick<Service, 'spec'>): boolean {
  return modeOf(spec) === 'global';
}

/**
 * Whether a global service is to get a task on the node, if it has none there: SwarmKit's global orchestrator (global.go),
 * and no node of a backend that the task is not for.
 */
export function mayFill(service: Service, node: ClusterNode): boolean {
  if (service.removed || node.removed || node.status === 'down') return false;
  if (node.spec.availability !== 'active') return false;
  return suits(service, node) && meetsConstraints(service.version, node);
}

function suits({ version }: Service, { backends, description }: ClusterNode): boolean {
  return backends.suits(version, description.engine.backend);
}

/** How many tasks are to run: of a global service one on every node that is to have it, or that keeps what it has. */
export function countWanted(service: Service): number {
  const { spec, removed, uncovered, places, resting } = service;
  if (removed) return 0;
  return isGlobal(service) ? uncovered.size + places.size - resting.size : countReplicas(spec);
}
