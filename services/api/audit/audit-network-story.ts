// The story of a network: what was asked of it and what became of that, and what the allocator gave it. Who was on it is told
// with the services. Services, tasks and nodes go before networks of the same name.
import { decode, eventSubject, type Fact, type IntentFact } from '@muster/events';
import { DEFAULT_TEAM, deriveNetworkId, idPattern, readNameWithTeam, type TeamName } from '@muster/model';
import type { ClusterState } from '@muster/state';
import type { FactReader } from '../replay/fact-reader.ts';
import { readVerdicts } from './audit-node-story.ts';
import { nameIn } from './narrate.ts';

/** Undefined when nothing was ever said of such a network. `about` is its id, or its name. */
export async function readNetworkStory(
  reader: FactReader,
  state: ClusterState,
  about: string,
  inTeam: string,
): Promise<readonly Fact[] | undefined> {
  const { team, name, id } = await identify(reader, state, about, inTeam);
  const ofName = await readIntents(reader, team, new Set([name]));
  const ids = new Set(id === undefined ? [] : [id]);
  // An intent that made a network gave it its id.
  for (const { verb, seq } of ofName)
    if (verb === 'create') ids.add(deriveNetworkId(name, seq, { clusterId: state.cluster?.id, team }));
  const ofIds = await readIntents(reader, team, ids);
  await readVerdicts(reader, [...ofName, ...ofIds]);
  const subjects = [...ids].flatMap((id) => [
    eventSubject('orchestrator', 'network', id),
    eventSubject('allocator', 'network', id),
  ]);
  if (subjects.length > 0) await reader.read(1, subjects);
  const { facts } = reader;
  return facts.length > 0 ? facts : undefined;
}

interface Identity extends TeamName {
  readonly id?: string;
}

/** One that is gone had its name from the event that made it. */
async function identify(
  reader: FactReader,
  { networks, networkByName }: ClusterState,
  about: string,
  inTeam: string,
): Promise<Identity> {
  const named = readNameWithTeam(about, inTeam);
  const known = networks.get(about) ?? networkByName.get(named.team, named.name);
  if (known) return { team: known.team, name: known.spec.name, id: known.id };
  if (!idPattern.test(about)) return named;
  for (const fact of await reader.read(1, [eventSubject('orchestrator', 'network', about)])) {
    if (fact.is !== 'event' || fact.event.type !== 'network.created') continue;
    const { team = DEFAULT_TEAM, spec } = fact.event;
    return { team, name: spec.name, id: about };
  }
  return named;
}

/** A name may stand in the subject, or else in what was sent. */
async function readIntents(
  reader: FactReader,
  team: string,
  names: ReadonlySet<string>,
): Promise<IntentFact[]> {
  if (names.size === 0) return [];
  const of = team === DEFAULT_TEAM ? 'muster.intent' : `muster.intent.@${team}`;
  const subjects = [`${of}.*.network.*`, ...[...names].map((name) => `${of}.*.network.*.${name}`)];
  const found: IntentFact[] = [];
  for await (const record of reader.records(1, subjects)) {
    const fact = decode(record);
    if (fact.is !== 'intent' || fact.kind !== 'network' || fact.team !== team) continue;
    if (!names.has(fact.name ?? nameIn(fact.body) ?? '')) continue;
    reader.keep(fact);
    found.push(fact);
  }
  return found.sort((a, b) => a.seq - b.seq);
}
