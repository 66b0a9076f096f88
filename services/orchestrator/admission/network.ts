// Intents about networks. A network is known by its id or its name, of which a team has one, whatever its case.
import type { IntentBody, IntentFact } from '@muster/events';
import {
  DEFAULT_TEAM,
  deriveNetworkId,
  describeIngress,
  isPredefined,
  type NetworkSpec,
  nameWithTeam,
  normaliseNetworkSpec,
  subnetsOverlap,
} from '@muster/model';
import { type ClusterState, findIngressNetwork, findNetworkUser, type Network } from '@muster/state';
import { type Refused, refusal, type Verdict } from './judge.ts';

/** SwarmKit (manager/controlapi/network.go, CreateNetwork), with what its allocator would find out later. */
export function createNetwork(
  state: ClusterState,
  intent: IntentFact,
  body: IntentBody<'network.create'>,
): Verdict {
  const normalised = normaliseNetworkSpec(body, intent.name);
  if (!normalised.ok) return normalised;
  const { spec } = normalised;
  const { seq: cause, team, actor } = intent;
  const conflict = findConflict(state, team, spec);
  if (conflict) return conflict;
  const networkId = deriveNetworkId(spec.name, cause, { clusterId: state.cluster?.id, team });
  const ofTeam = team === DEFAULT_TEAM ? {} : { team };
  return { event: { type: 'network.created', cause, networkId, actor, ...ofTeam, spec } };
}

/** Nobody has to make the ingress network: the first who publishes through it has it made, before he gets his own verdict. */
export function makeIngress(state: ClusterState, { seq: cause }: IntentFact): Verdict {
  const spec = describeIngress();
  const [other] = state.networkByName.meant(DEFAULT_TEAM, spec.name);
  if (other) {
    const message = `there is no ingress network, and network ${nameOf(other)} has its name: make one with \`muster network create --ingress <name>\``;
    return refusal('conflict', message, 'ports');
  }
  const networkId = deriveNetworkId(spec.name, cause, { clusterId: state.cluster?.id, team: DEFAULT_TEAM });
  return { event: { type: 'network.created', cause, networkId, spec } };
}

function findConflict(state: ClusterState, team: string, spec: NetworkSpec): Refused | undefined {
  const [known] = state.networkByName.meant(team, spec.name);
  if (known) return refusal('conflict', `network with name ${nameOf(known)} already exists`, 'name');
  if (!spec.ingress) return findOverlap(state, spec);
  if (team !== DEFAULT_TEAM)
    return refusal('invalid', "the ingress network is the cluster's: it can be no team's", 'ingress');
  const ingress = findIngressNetwork(state);
  if (!ingress) return findOverlap(state, spec);
  return refusal('conflict', `ingress network (${ingress.id}) is already present`, 'ingress');
}

/** A subnet that is asked for is another network's, or a part of it. */
function findOverlap({ networks }: ClusterState, { ipam }: NetworkSpec): Refused | undefined {
  if (ipam.configs.length === 0) return undefined;
  for (const other of networks.values()) {
    for (const [index, { subnet }] of ipam.configs.entries()) {
      const theirs = subnetsOf(other).find((taken) => subnetsOverlap(taken, subnet));
      if (theirs === undefined) continue;
      const whose = other.removed ? `${nameOf(other)}, which still has tasks` : nameOf(other);
      const message = `ipam configuration: subnet ${subnet} overlaps with ${theirs} of network ${whose}: choose another, or leave it out to get a free one`;
      return refusal('conflict', message, `ipam.configs.${index}.subnet`);
    }
  }
  return undefined;
}

function subnetsOf({ subnets, spec }: Network): readonly string[] {
  return (subnets.length > 0 ? subnets : spec.ipam.configs).map(({ subnet }) => subnet);
}

/** SwarmKit (manager/controlapi/network.go, RemoveNetwork). */
export function removeNetwork(state: ClusterState, intent: IntentFact): Verdict {
  const { team, name, seq: cause, actor } = intent;
  if (name === undefined) return refusal('invalid', 'the subject names no network', 'name');
  if (isPredefined(name))
    return refusal('invalid', `${name} is a pre-defined network and cannot be removed`, 'name');
  const network = findNetwork(state, team, name, 'name');
  if ('refusal' in network) return network;
  const user = findNetworkUser(state, network);
  if (!user) return { event: { type: 'network.removed', cause, networkId: network.id, actor } };
  const { service, task } = user;
  if (network.spec.ingress) {
    const whose = nameWithTeam({ team: service.team, name: service.spec.name });
    // SwarmKit's words.
    return refusal('conflict', `ingress network cannot be removed because service ${whose} depends on it`);
  }
  const inUse = `network ${nameOf(network)} is in use by`;
  const whose = nameWithTeam({ team: service.team, name: service.spec.name });
  if (task) return refusal('conflict', `${inUse} task ${task.id} of service ${whose}`);
  return refusal('conflict', `${inUse} service ${whose}: remove it from there first`);
}

/** As Docker finds it: by its id, its name, or the beginning of its id. */
export function findNetwork(
  { networks, networkByName }: ClusterState,
  team: string,
  reference: string,
  field: string,
): Network | Refused {
  const isOurs = (network: Network) => !network.removed && network.team === team;
  const known = networks.get(reference);
  if (known && isOurs(known)) return known;
  const named = networkByName.meant(team, reference);
  const meant =
    named.length > 0
      ? named
      : [...networks.values()].filter((network) => isOurs(network) && network.id.startsWith(reference));
  const [network, ...others] = meant;
  if (!network) {
    const shown = nameWithTeam({ team, name: reference });
    return refusal(
      'not-found',
      `network ${shown} not found: see those there are with \`muster network ls\``,
      field,
    );
  }
  if (others.length === 0) return network;
  return refusal('conflict', `network ${reference} is ambiguous (${meant.length} matches found)`, field);
}

function nameOf({ team, spec }: Network): string {
  return nameWithTeam({ team, name: spec.name });
}
