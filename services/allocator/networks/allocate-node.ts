// A node gets its number, and the tasks that were given to it get their addresses, as many as one record holds; or are told why
// there are none.
import {
  ENVELOPE_BYTES,
  type EventDraft,
  eventSubject,
  type NetworkAddress,
  sizeOfText,
} from '@muster/events';
import { type ClusterNode, type ClusterState, lastSeqOf, type Network, type Task } from '@muster/state';
import { explainFull } from './allocate-vips.ts';
import type { Given } from './given.ts';
import { createGiver, type Gift, type Giver } from './giver.ts';
import { lacksNumber, pickNodeNumber } from './node-number.ts';

/** Undefined when there is nothing to say that was not said. */
export function allocateNode(
  state: ClusterState,
  node: ClusterNode,
  given: Given,
  maxRecordBytes: number,
): EventDraft | undefined {
  const { id: nodeId } = node;
  const number = lacksNumber(state, node) ? pickNodeNumber(state, node, given) : undefined;
  // Whoever runs nothing keeps no addresses from others.
  const waiting = node.status === 'down' ? [] : listWaiting(state, nodeId);
  const isGiven = number !== undefined;
  if (waiting.length === 0 && !isGiven) return undefined;
  const causedBy = waiting.length > 0 ? 'scheduler' : 'agent';
  const cause = lastSeqOf(state, eventSubject(causedBy, 'node', nodeId));
  const room = maxRecordBytes - ENVELOPE_BYTES - sizeOfText(nodeId);
  const { tasks, blocks, refused } = planAddresses(state, node, waiting, given, room);
  if (tasks.length > 0 || isGiven)
    return { type: 'node.allocated', cause, nodeId, ...(isGiven && { number }), blocks, tasks };
  const message = refused[0]?.message;
  const alike = refused.filter((other) => other.message === message);
  if (message === undefined || alike.every(({ task }) => task.err === message)) return undefined;
  const ids = listWithin(
    alike.map(({ task }) => task.id),
    room - sizeOfText(message),
  );
  return { type: 'node.allocation_failed', cause, nodeId, tasks: ids, message };
}

export function listWaiting({ tables, tasks }: ClusterState, nodeId: string): Task[] {
  return [...(tables.networks.waiting.get(nodeId) ?? [])].flatMap((id) => tasks.get(id) ?? []);
}

interface Plan {
  readonly tasks: { readonly id: string; readonly addresses: NetworkAddress[] }[];
  readonly blocks: { readonly networkId: string; readonly block: string }[];
  readonly refused: { readonly task: Task; readonly message: string }[];
}

function planAddresses(
  state: ClusterState,
  node: ClusterNode,
  waiting: readonly Task[],
  given: Given,
  room: number,
): Plan {
  const { networks, nodes } = state;
  const wanted = countWanted(waiting);
  const givers = new Map<string, Giver>();
  const plan: Plan = { tasks: [], blocks: [], refused: [] };
  let left = room;

  function giverOf(network: Network): Giver {
    let giver = givers.get(network.id);
    if (!giver) {
      giver = createGiver(network, node, { given, nodes: nodes.size, wanted: wanted.get(network.id)! });
      givers.set(network.id, giver);
    }
    return giver;
  }

  /** On all of its networks, or on none and why. */
  function give(task: Task): NetworkAddress[] | string {
    const gifts: Gift[] = [];
    const addresses: NetworkAddress[] = [];
    for (const networkId of task.version.networks) {
      const network = networks.get(networkId);
      const gift = network && giverOf(network).give(task.id);
      if (!gift) {
        for (const other of gifts) other.takeBack();
        return network
          ? `could not find an available IP: ${explainFull(network)}`
          : `network ${networkId} not found`;
      }
      gifts.push(gift);
      addresses.push({ networkId, address: gift.address });
    }
    return addresses;
  }

  for (const task of waiting) {
    left -= sizeOfTask(task);
    if (left < 0) break;
    const addresses = give(task);
    if (typeof addresses === 'string') plan.refused.push({ task, message: addresses });
    else plan.tasks.push({ id: task.id, addresses });
  }
  for (const [networkId, giver] of givers)
    for (const block of giver.listBlocks()) plan.blocks.push({ networkId, block });
  return plan;
}

function countWanted(tasks: readonly Task[]): Map<string, number> {
  const wanted = new Map<string, number>();
  for (const { version } of tasks)
    for (const networkId of version.networks) wanted.set(networkId, (wanted.get(networkId) ?? 0) + 1);
  return wanted;
}

const LONGEST_ADDRESS = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128'.length;
const TASK_BYTES = '{"id":"","addresses":[]},'.length;
/** And a block for each address at most. */
const ADDRESS_BYTES =
  '{"networkId":"","address":""},'.length + '{"networkId":"","block":""},'.length + 2 * LONGEST_ADDRESS;

function sizeOfTask({ id, version }: Task): number {
  let size = TASK_BYTES + id.length;
  for (const networkId of version.networks) size += ADDRESS_BYTES + 2 * networkId.length;
  return size;
}

function listWithin(ids: readonly string[], room: number): string[] {
  let left = room;
  return ids.filter((id) => {
    left -= sizeOfText(id) + 1;
    return left >= 0;
  });
}
