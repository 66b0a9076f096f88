// Networks, with those that were removed and of which something is held. Virtual addresses are kept with their services, tasks' own
// with the tasks.
import { networkSpecForm, readStored } from '@muster/events';
import { blockAt, DEFAULT_TEAM, formatBlock, parseSubnet, spanIn } from '@muster/model';
import { giveSubnets, makeNetwork, type Network } from '../cluster/networks/network.ts';
import type { Network as ReadOnlyNetwork } from '../cluster/readonly.ts';
import { defineKind, type StoredForm, younger } from './kind.ts';

type StoredNetwork = Pick<Network, 'id' | 'createdAt' | 'createdSeq'> &
  StoredForm<'spec'> &
  Partial<Pick<Network, 'team' | 'removed' | 'number' | 'failure'>> & {
    readonly subnets?: Network['subnets'];
    readonly blocks?: readonly NamedBlock[];
  };

export const network = defineKind<readonly [StoredNetwork]>({
  *list({ networks }) {
    for (const { id, team, createdAt, createdSeq, storedSpec, ...of } of networks.values()) {
      const { content: spec, wire } = storedSpec;
      const { removed, number, subnets, failure } = of;
      const blocks = listBlocks(of);
      yield [
        {
          id,
          createdAt,
          createdSeq,
          spec,
          ...younger({ wire }),
          ...(team !== DEFAULT_TEAM && { team }),
          ...(removed && { removed }),
          ...(number !== undefined && { number, subnets }),
          ...(failure !== '' && { failure }),
          ...(blocks.length > 0 && { blocks }),
        },
      ];
    }
  },
  restore(state, [row]) {
    const { spec: content, wire = 1, team = DEFAULT_TEAM, blocks = [], ...rest } = row;
    const { id, createdAt, createdSeq, removed = false, failure = '', number, subnets } = rest;
    const storedSpec = { wire, content };
    const spec = readStored(networkSpecForm, storedSpec);
    const restored = makeNetwork({ id, team, createdAt, createdSeq, storedSpec, spec });
    Object.assign(restored, { removed, failure });
    if (number !== undefined) giveSubnets(restored, number, subnets!);
    for (const [block, nodeId] of blocks) restoreBlock(restored, block, nodeId);
    state.networks.set(id, restored);
    if (!restored.removed) state.networkByName.add(restored);
  },
});

type NamedBlock = readonly [block: string, nodeId: string];

function listBlocks({ spaces }: Pick<ReadOnlyNetwork, 'spaces'>): NamedBlock[] {
  return spaces.flatMap((space) =>
    [...space.blocks()].map(
      ({ start, size, nodeId }) => [formatBlock(blockAt(space.subnet, start, size)), nodeId] as const,
    ),
  );
}

function restoreBlock({ spaces }: Network, text: string, nodeId: string): void {
  const block = parseSubnet(text)!;
  for (const space of spaces) {
    const span = spanIn(space.subnet, block);
    if (span) space.takeBlock(span, nodeId);
  }
}
