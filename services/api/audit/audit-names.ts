// What was said of a name and of a service, read from their own subjects: intents by name, and what became of them. An
// intent that made a service gave it its id, so that what it was answered with is found without a search.
import {
  canStandInSubject,
  decode,
  eventSubject,
  type Fact,
  type IntentFact,
  isAcceptance,
} from '@muster/events';
import { DEFAULT_TEAM, deriveServiceId, type TeamName } from '@muster/model';
import type { ClusterState } from '@muster/state';
import type { FactReader } from '../replay/fact-reader.ts';
import { nameIn } from './narrate.ts';

/** Intents whose verdicts are looked for together. */
const INTENTS_AT_ONCE = 25;
const VERDICTS_AT_ONCE = 250;
const WRITERS = ['orchestrator', 'allocator', 'scheduler'] as const;

export interface SaidOfName {
  /** Every service that had the name, from a sequence on. */
  readonly serviceIds: ReadonlySet<string>;
  readonly intents: number;
  /** What accepts one of the intents, and is about a service that never had the name. */
  readonly astray: ReadonlySet<number>;
}

/** Reads every intent for the name, every verdict, and what was decided about each service that bore it. */
export async function readByName(
  reader: FactReader,
  state: ClusterState,
  named: TeamName,
  from = 1,
): Promise<SaidOfName> {
  const intents = (await reader.read(from, intentPatterns(named))).filter((fact) => isFor(fact, named));
  const serviceIds = new Set<string>();
  const answered = new Set<number>();
  const accepted = new Set<number>();
  const isOpen = ({ seq }: IntentFact) => !answered.has(seq) && !accepted.has(seq);
  const learn = (facts: readonly Fact[]) => {
    for (const fact of facts) {
      if (fact.is !== 'event') continue;
      const { event } = fact;
      if ('intent' in event) answered.add(event.intent);
      else if (isAcceptance(event)) accepted.add(event.cause);
    }
  };
  const add = async (id: string) => {
    if (serviceIds.has(id)) return;
    serviceIds.add(id);
    learn(await readService(reader, id, from));
  };
  for (const { id, team, spec } of state.services.values())
    if (team === named.team && spec.name === named.name) await add(id);
  let open = intents.filter(isOpen);
  while (open.length > 0) {
    const some = open.slice(0, INTENTS_AT_ONCE);
    const made = new Map(some.map((intent) => [deriveId(named, intent, state), intent]));
    const verdicts = some.map(({ seq }) => eventSubject('orchestrator', 'intent', seq));
    const decided = [...made.keys()].map((id) => eventSubject('orchestrator', 'service', id));
    const facts = await reader.read(some[0]!.seq, [...verdicts, ...decided]);
    learn(facts);
    for (const fact of facts)
      if (fact.is === 'event' && fact.event.type === 'service.created') await add(fact.event.serviceId);
    open = open.slice(some.length).filter(isOpen);
  }
  await readVerdicts(
    reader,
    intents.filter(({ seq }) => accepted.has(seq)),
  );
  const unanswered = intents.filter((intent) => isOpen(intent) && !state.intents.has(intent.seq));
  return { serviceIds, intents: intents.length, astray: await searchAstray(reader, unanswered) };
}

/** Also of those that were accepted: an acceptance that comes after a verdict is void. */
async function readVerdicts(reader: FactReader, intents: readonly IntentFact[]): Promise<void> {
  for (let at = 0; at < intents.length; at += VERDICTS_AT_ONCE) {
    const some = intents.slice(at, at + VERDICTS_AT_ONCE);
    const subjects = some.map(({ seq }) => eventSubject('orchestrator', 'intent', seq));
    await reader.read(some[0]!.seq, subjects);
  }
}

/** What has accepted these intents for another service: nobody does so who means well. A long way. */
async function searchAstray(reader: FactReader, intents: readonly IntentFact[]): Promise<Set<number>> {
  const astray = new Set<number>();
  const [first] = intents;
  if (first === undefined) return astray;
  const wanted = new Set(intents.map(({ seq }) => seq));
  for await (const record of reader.records(first.seq, [eventSubject('orchestrator', 'service', '*')])) {
    const fact = decode(record);
    if (fact.is !== 'event' || !isAcceptance(fact.event) || !wanted.has(fact.event.cause)) continue;
    reader.keep(fact);
    astray.add(fact.seq);
  }
  return astray;
}

/** Everything that was decided about the service itself. */
export function readService(reader: FactReader, id: string, from: number): Promise<Fact[]> {
  return reader.read(
    from,
    WRITERS.map((writer) => eventSubject(writer, 'service', id)),
  );
}

function deriveId({ team, name }: TeamName, { seq }: IntentFact, { cluster }: ClusterState): string {
  return deriveServiceId(name, seq, { clusterId: cluster?.id, team });
}

/** A name may stand in the subject, or else in what was sent. */
function intentPatterns({ team, name }: TeamName): string[] {
  const of = team === DEFAULT_TEAM ? 'muster.intent' : `muster.intent.@${team}`;
  return [`${of}.*.service.*`, ...(canStandInSubject(name) ? [`${of}.*.service.*.${name}`] : [])];
}

function isFor(fact: Fact, { team, name }: TeamName): fact is IntentFact {
  return isIntentFor(fact, team, (given) => given === name);
}

export function isIntentFor(fact: Fact, team: string, isName: (name: string) => boolean): fact is IntentFact {
  if (fact.is !== 'intent' || fact.kind !== 'service' || fact.team !== team) return false;
  const given = fact.name ?? nameIn(fact.body);
  return given !== undefined && isName(given);
}
