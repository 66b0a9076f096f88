// The story of a node: what was asked of it and what became of that, how it joined, and how it was. What its tasks did is
// theirs. Services and tasks go before nodes of the same name.
import { decode, eventSubject, type Fact, type IntentFact } from '@muster/events';
import { DEFAULT_TEAM, idPattern, readNameWithTeam } from '@muster/model';
import type { ClusterState } from '@muster/state';
import type { FactReader } from '../replay/fact-reader.ts';

/** Intents whose verdicts are looked for together. */
const VERDICTS_AT_ONCE = 250;

/** Undefined when nothing was ever said of such a node. `about` is its id, or its hostname. */
export async function readNodeStory(
  reader: FactReader,
  state: ClusterState,
  about: string,
  team: string,
): Promise<readonly Fact[] | undefined> {
  if (isOtherwiseNamed(state, about, team)) return undefined;
  const nodes = findNodes(state, about);
  const ids = nodes.length > 0 ? nodes.map(({ id }) => id) : idPattern.test(about) ? [about] : [];
  const names = new Set([about, ...ids, ...nodes.map(({ description }) => description.hostname)]);
  const intents = await readIntents(reader, names);
  await readVerdicts(reader, intents);
  for (const id of ids) await readOwn(reader, id);
  const { facts } = reader;
  return facts.length > 0 ? facts : undefined;
}

function isOtherwiseNamed(state: ClusterState, about: string, team: string): boolean {
  const named = readNameWithTeam(about, team);
  return (
    state.services.has(about) ||
    state.tasks.has(about) ||
    state.serviceByName.get(named.team, named.name) !== undefined
  );
}

function findNodes({ nodes, removedNodes }: ClusterState, about: string) {
  const known = nodes.get(about) ?? removedNodes.get(about);
  if (known) return [known];
  const all = [...nodes.values(), ...removedNodes.values()];
  return all.filter(({ description }) => description.hostname === about);
}

async function readIntents(reader: FactReader, names: ReadonlySet<string>): Promise<IntentFact[]> {
  const subjects = [...names].map((name) => `muster.intent.*.node.*.${name}`);
  const found: IntentFact[] = [];
  for await (const record of reader.records(1, subjects)) {
    const fact = decode(record);
    if (fact.is !== 'intent' || fact.kind !== 'node' || fact.team !== DEFAULT_TEAM) continue;
    reader.keep(fact);
    found.push(fact);
  }
  return found;
}

export async function readVerdicts(reader: FactReader, intents: readonly IntentFact[]): Promise<void> {
  for (let at = 0; at < intents.length; at += VERDICTS_AT_ONCE) {
    const some = intents.slice(at, at + VERDICTS_AT_ONCE);
    const subjects = some.map(({ seq }) => eventSubject('orchestrator', 'intent', seq));
    await reader.read(some[0]!.seq, subjects);
  }
}

async function readOwn(reader: FactReader, id: string): Promise<void> {
  await reader.read(1, [eventSubject('orchestrator', 'node', id)]);
  const subjects = [eventSubject('dispatcher', 'node', id), eventSubject('agent', 'node', id)];
  for await (const record of reader.records(1, subjects)) {
    const fact = decode(record);
    if (fact.is !== 'event') continue;
    const { type } = fact.event;
    if (type === 'node.joined' || type === 'node.status_changed') reader.keep(fact);
  }
}
