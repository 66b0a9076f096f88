// The nodes in the order of their ids. It lives between rounds, follows the state by what changed, and is the one
// place through which placement reaches nodes.
import type { NodeDescription, NodeStatus } from '@muster/model';
import type { ClusterNode } from '@muster/state';
import { type Candidate, createCandidate } from './candidate.ts';

export interface Roster {
  readonly candidates: readonly Candidate[];
  get(nodeId: string): Candidate | undefined;
  /** True when the node is new, or its status or description is. */
  follow(node: ClusterNode): boolean;
}

interface Entry {
  readonly candidate: Candidate;
  status: NodeStatus;
  description: NodeDescription;
}

export function createRoster(): Roster {
  const candidates: Candidate[] = [];
  const entries = new Map<string, Entry>();

  function insert(node: ClusterNode): void {
    const candidate = createCandidate(node);
    entries.set(node.id, { candidate, status: node.status, description: node.description });
    candidates.splice(findPlace(candidates, node.id), 0, candidate);
    for (let rank = candidates.length - 1; rank >= 0 && candidates[rank]!.rank !== rank; rank -= 1) {
      candidates[rank]!.rank = rank;
    }
  }

  return {
    candidates,
    get: (nodeId) => entries.get(nodeId)?.candidate,
    follow(node) {
      const entry = entries.get(node.id);
      if (!entry) {
        insert(node);
        return true;
      }
      if (entry.status === node.status && entry.description === node.description) return false;
      entry.status = node.status;
      entry.description = node.description;
      return true;
    },
  };
}

function findPlace(candidates: readonly Candidate[], nodeId: string): number {
  let low = 0;
  let high = candidates.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (candidates[middle]!.node.id < nodeId) low = middle + 1;
    else high = middle;
  }
  return low;
}
