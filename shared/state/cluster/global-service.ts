// A global service has its places on nodes: on which it is to have one.
import { modeOf } from '@muster/model';
import { meetsConstraints } from './outdated.ts';
import type { ClusterNode, Service } from './readonly.ts';

export function isGlobal({ spec }: Pick<Service, 'spec'>): boolean {
  return modeOf(spec) === 'global';
}

/** Whether a global service is to get a task on the node, if it has none there: SwarmKit's global orchestrator (global.go). */
export function mayFill(service: Service, node: ClusterNode): boolean {
  if (service.removed || node.removed || node.status === 'down') return false;
  return node.spec.availability === 'active' && meetsConstraints(service.version, node);
}
