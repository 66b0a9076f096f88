// Networks as an orchestrator and an allocator would make them, for tests of what follows from them. The log must be of wire
// version 2.
import { deriveNetworkId, type NetworkSpec, networkSpecSchema } from '@muster/model';
import type { Network } from '@muster/state';
import type { History } from './given.ts';

/** A network that an intent asked for, as it is before the allocator has looked at it. */
export function createNetwork(history: History, name: string, body: Partial<NetworkSpec> = {}): Network {
  const spec = networkSpecSchema.parse({ name, ...body });
  const cause = history.intend('create', name, body, { kind: 'network' });
  const networkId = deriveNetworkId(name, cause, { clusterId: history.state.cluster?.id });
  history.append({ type: 'network.created', cause, actor: 'ana', networkId, spec });
  return history.state.networks.get(networkId)!;
}

export function removeNetwork(history: History, { id: networkId, spec }: Network): void {
  const cause = history.intend('remove', spec.name, undefined, { kind: 'network' });
  history.append({ type: 'network.removed', cause, actor: 'ana', networkId });
}

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
