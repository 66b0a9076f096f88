// What must hold of networks after every record that gives something of them: nothing is held twice. Gone by what tasks and services say they have, not by what the
// fold keeps of who holds what. A task holds its addresses until somebody has said that it ended: so none is given again before.

import type { Fact } from '@muster/events';
import {
  addressWithin,
  blocksOverlap,
  type IpBlock,
  isTerminal,
  parseAddress,
  parseBlock,
} from '@muster/model';
import type { ClusterState, Network } from '@muster/state';

const giving: readonly string[] = ['network.allocated', 'service.allocated', 'node.allocated'];

export function gives(fact: Fact): boolean {
  return fact.is === 'event' && giving.includes(fact.event.type);
}

export function checkAddresses(state: ClusterState): void {
  const holders = new Map<string, string>();
  const blocks = new Map([...state.networks.values()].map((network) => [network.id, checkBlocks(network)]));

  function hold(networkId: string, address: string, holder: string, nodeId?: string): void {
    const network = state.networks.get(networkId);
    if (!network) throw new Error(`${holder} has ${address} of a network that is gone`);
    const key = `${networkId} ${address}`;
    const other = holders.get(key);
    if (other) throw new Error(`${address} of ${network.spec.name} is held by ${other} and by ${holder}`);
    holders.set(key, holder);
    checkPlace(network, address);
    const around = blocks.get(networkId)!.filter(({ block }) => addressWithin(parseAddress(address)!, block));
    if (around[0]?.nodeId !== nodeId)
      throw new Error(`${holder} on ${nodeId} has ${address}, which is in a block of ${around[0]?.nodeId}`);
  }

  for (const { id, observed, addresses = [], node } of state.tasks.values())
    if (!isTerminal(observed))
      for (const { networkId, address } of addresses) hold(networkId, address, `task ${id}`, node!.id);
  for (const { id, addresses } of state.services.values())
    for (const { networkId, address } of addresses) hold(networkId, address, `service ${id}`);
  checkSubnets(state);
}

function checkPlace({ spec, subnets }: Network, address: string): void {
  const of = subnets.find(({ subnet }) => addressWithin(parseAddress(address)!, parseBlock(subnet)!));
  if (!of) throw new Error(`${address} is no address of ${spec.name}`);
  const { prefix, value } = parseBlock(of.subnet)!;
  const place = parseAddress(address)!.value - value;
  if (address === of.gateway || place === 0n || place === 2n ** BigInt(32 - prefix) - 1n)
    throw new Error(`${address} of ${spec.name} is nobody's to have`);
}

interface NamedBlock {
  readonly block: IpBlock;
  readonly nodeId: string;
}

function checkBlocks({ spec, spaces }: Network): NamedBlock[] {
  const named = spaces.flatMap((space) =>
    [...space.blocks()].map(({ start, size, nodeId }) => {
      const value = space.subnet.value + BigInt(start);
      return {
        block: { bits: space.subnet.bits, value, prefix: space.subnet.bits - Math.log2(size) },
        nodeId,
      };
    }),
  );
  checkDisjoint(
    named.map(({ block }) => block),
    `blocks of ${spec.name}`,
  );
  return named;
}

function checkSubnets({ networks }: ClusterState): void {
  const all = [...networks.values()];
  checkDisjoint(
    all.flatMap(({ subnets }) => subnets.map(({ subnet }) => parseBlock(subnet)!)),
    'subnets',
  );
  const numbers = all.flatMap(({ number }) => number ?? []);
  if (new Set(numbers).size < numbers.length) throw new Error('two networks have one number');
}

function checkDisjoint(blocks: readonly IpBlock[], what: string): void {
  for (const [index, one] of blocks.entries())
    for (const other of blocks.slice(index + 1))
      if (blocksOverlap(one, other)) throw new Error(`two ${what} overlap`);
}
