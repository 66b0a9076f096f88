// Whether a node may be given anything at all: SwarmKit's ready filter (manager/scheduler/filter.go).
import type { ClusterNode } from '@muster/state';

export function isAvailable({ status, spec }: Pick<ClusterNode, 'status' | 'spec'>): boolean {
  return status === 'ready' && spec.availability === 'active';
}
