// Networks, and the addresses that tasks have on them.
import { type NetworkAddress, networkSpecForm, readStored } from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import { makeNetwork, type Network } from '../cluster/network.ts';
import { defineKind, type StoredForm, younger } from './kind.ts';

type StoredNetwork = Pick<Network, 'id' | 'createdAt' | 'createdSeq'> &
  StoredForm<'spec'> &
  Partial<Pick<Network, 'team' | 'removed' | 'number' | 'failure'>> & {
    readonly subnets?: Network['subnets'];
    readonly blocks?: readonly (readonly [block: string, nodeId: string])[];
  };

export const network = defineKind<readonly [StoredNetwork]>({
  *list({ networks }) {
    for (const { id, team, createdAt, createdSeq, storedSpec, ...of } of networks.values()) {
      const { content: spec, wire } = storedSpec;
      const { removed, number, subnets, failure, blocks } = of;
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
          ...(blocks.size > 0 && { blocks: [...blocks] }),
        },
      ];
    }
  },
  restore(state, [row]) {
    const { spec: content, wire = 1, team = DEFAULT_TEAM, blocks = [], ...rest } = row;
    const { id, createdAt, createdSeq, ...given } = rest;
    const storedSpec = { wire, content };
    const spec = readStored(networkSpecForm, storedSpec);
    const restored = makeNetwork({ id, team, createdAt, createdSeq, storedSpec, spec });
    Object.assign(restored, given);
    for (const [block, nodeId] of blocks) restored.blocks.set(block, nodeId);
    state.networks.set(id, restored);
    if (!restored.removed) state.networkByName.add(restored);
  },
});

export const address = defineKind<readonly [taskId: string, addresses: readonly NetworkAddress[]]>({
  list: ({ addresses }) => addresses,
  restore({ addresses }, [taskId, of]) {
    addresses.set(taskId, of);
  },
});
