// Intents about the cluster itself.
import type { IntentBody, IntentFact } from '@muster/events';
import { checkAddressPools, DEFAULT_ADDRESS_POOLS, DEFAULT_TEAM } from '@muster/model';
import type { ClusterState } from '@muster/state';
import { refusal, satisfied, type Verdict } from './judge.ts';

/** What is left out stays as it is. Networks that there are keep their subnets, wherever those come from. */
export function updateCluster(
  { addressPools }: ClusterState,
  intent: IntentFact,
  body: IntentBody<'cluster.update'>,
): Verdict {
  const { defaultAddrPool, defaultAddrPoolMaskLength } = body;
  if (intent.team !== DEFAULT_TEAM)
    return refusal('invalid', "the cluster is everybody's: a team can't change it", 'team');
  if (intent.name !== undefined)
    return refusal('invalid', 'there is one cluster: its intents name nothing', 'name');
  if (defaultAddrPool === undefined && defaultAddrPoolMaskLength === undefined)
    return refusal('invalid', 'nothing to change: give defaultAddrPool or defaultAddrPoolMaskLength');
  const before = addressPools ?? DEFAULT_ADDRESS_POOLS;
  const pools = {
    pools: defaultAddrPool ?? before.pools,
    prefix: defaultAddrPoolMaskLength ?? before.prefix,
  };
  const wrong = checkAddressPools(pools);
  if (wrong) return { refusal: wrong };
  if (JSON.stringify(pools) === JSON.stringify({ pools: before.pools, prefix: before.prefix }))
    return satisfied(intent, 'the cluster has these address pools');
  return { event: { type: 'cluster.updated', cause: intent.seq, actor: intent.actor, addressPools: pools } };
}
