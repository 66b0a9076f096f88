// A network as a user names it: one of the cluster, or one that every node has of its own.
import type { NetworkDetail } from '@muster/api';
import { isPredefined } from '@muster/model';
import type { Context } from '../commands/context.ts';
import { predefinedNetwork } from '../output/network-list.ts';

export async function findNetwork(
  { queries, team }: Pick<Context, 'queries' | 'team'>,
  network: string,
): Promise<NetworkDetail> {
  if (isPredefined(network)) return predefinedNetwork(network);
  return (await queries.ask('network.inspect', { network, team })).answer;
}
