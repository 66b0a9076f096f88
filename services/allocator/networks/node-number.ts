// A node that can be on networks of the cluster gets a number there, once. It is the one by which the fold knows the node, as long as
// no other node has it: two allocators as a rule want different ones for different nodes.
import type { ClusterNode, ClusterState } from '@muster/state';
import type { Given } from './given.ts';

/** The driver of networks that span nodes. */
const CLUSTER_DRIVER = 'overlay';
/** That of the event. */
const SINCE_WIRE = 2;

/** It has the driver, says where other nodes reach it, and has none yet. */
export function lacksNumber({ wireVersion }: ClusterState, { number, description }: ClusterNode): boolean {
  const { addr, networks = [] } = description;
  return (
    number === undefined && Boolean(addr) && networks.includes(CLUSTER_DRIVER) && wireVersion >= SINCE_WIRE
  );
}

export function pickNodeNumber(
  { tables }: ClusterState,
  { handle }: ClusterNode,
  given: Pick<Given, 'nodeNumbers'>,
): number {
  const { nodeIdByNumber } = tables.networks;
  let number = handle;
  while (nodeIdByNumber.has(number) || given.nodeNumbers.has(number)) number += 1;
  return number;
}
