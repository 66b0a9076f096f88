// A network of the cluster: what was asked for, and what the allocator gave it.
import type { Stored, Subnet } from '@muster/events';
import type { NetworkSpec } from '@muster/model';

export interface Network {
  readonly id: string;
  /** Whose it is; '' for the default team. */
  readonly team: string;
  readonly createdAt: number;
  /** Sequence of the event that made it: what Docker calls the version index. */
  readonly createdSeq: number;
  /** As it stands in the log; `spec` is the same in this build's form. */
  readonly storedSpec: Stored;
  readonly spec: NetworkSpec;
  /** It goes when none of its addresses is held any more. */
  removed: boolean;
  /** No other network has it; undefined until it is allocated. */
  number: number | undefined;
  subnets: readonly Subnet[];
  /** Why it has no subnet; '' when nobody has said. */
  failure: string;
  /** Parts of its subnets, to the node that gives their addresses to its tasks. */
  readonly blocks: Map<string, string>;
}

/** A network as it is before anything was given to it. */
export function makeNetwork(
  facts: Pick<Network, 'id' | 'team' | 'createdAt' | 'createdSeq' | 'storedSpec' | 'spec'>,
): Network {
  return { ...facts, removed: false, number: undefined, subnets: [], failure: '', blocks: new Map() };
}
