// What an operator wants of a node, and what follows from it.
import { nodeSpecForm, readStored, type Stored } from '@muster/events';
import { INITIAL_NODE_SPEC, type NodeDescription, type NodeSpec } from '@muster/model';
import type { ClusterNode } from './state.ts';

/** Changes what an operator wants of the node, and what follows from it. */
export function setNodeSpec(node: ClusterNode, storedSpec: Stored | undefined, seq: number): void {
  node.storedSpec = storedSpec;
  node.spec = readNodeSpec(storedSpec);
  node.specSeq = seq;
  node.role = node.spec.role;
  node.labels = labelsOf(node.description, node.spec);
}

export function labelsOf({ labels }: NodeDescription, spec: NodeSpec): Readonly<Record<string, string>> {
  return Object.keys(spec.labels).length === 0 ? labels : { ...labels, ...spec.labels };
}

export function readNodeSpec(stored: Stored | undefined): NodeSpec {
  return stored === undefined ? INITIAL_NODE_SPEC : readStored(nodeSpecForm, stored);
}
