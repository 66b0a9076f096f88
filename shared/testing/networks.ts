// What an allocator would give to networks and tasks, for tests of what follows from it. The log must be of wire version 2.
import type { Network } from '@muster/state';
import type { History } from './given.ts';

/** The subnet's first host is its gateway. */
export function allocateNetwork(
  history: History,
  { id, createdSeq }: Network,
  number: number,
  subnet: string,
): void {
  const gateway = subnet.replace(/\d+\/.*/, '1');
  history.append({
    type: 'network.allocated',
    cause: createdSeq,
    networkId: id,
    number,
    subnets: [{ subnet, gateway }],
  });
}

/** Each task with its addresses, by network; and blocks that the node takes. */
export function allocateTasks(
  history: History,
  nodeId: string,
  tasks: Readonly<Record<string, Readonly<Record<string, string>>>>,
  blocks: readonly (readonly [networkId: string, block: string])[] = [],
): void {
  history.append({
    type: 'node.allocated',
    cause: history.state.head,
    nodeId,
    blocks: blocks.map(([networkId, block]) => ({ networkId, block })),
    tasks: Object.entries(tasks).map(([id, addresses]) => ({
      id,
      addresses: Object.entries(addresses).map(([networkId, address]) => ({ networkId, address })),
    })),
  });
}
