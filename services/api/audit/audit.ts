// Reads the story of a service or a task from the log: what was said of it, then what became of its tasks on their nodes.
// It reads what concerns it, and not the log; and it keeps nothing.
import { canStandInSubject, decode, type Fact, VOID_SUBJECTS } from '@muster/events';
import type { Log } from '@muster/log';
import { DEFAULT_TEAM, type Refusal, readNameWithTeam } from '@muster/model';
import type { ClusterState } from '@muster/state';
import { Directory } from '../queries/directory.ts';
import type { AuditEntry } from '../queries/views.ts';
import { FactReader } from '../replay/fact-reader.ts';
import { toEntry } from './audit-entry.ts';
import { type LifeSpan, listLifeSpans } from './audit-lives.ts';
import { readNetworkStory } from './audit-network-story.ts';
import { readNodeStory } from './audit-node-story.ts';
import { readNodes } from './audit-nodes.ts';
import { AuditStory } from './audit-story.ts';
import { type AuditTarget, findTarget, missing } from './audit-target.ts';
import { narrate } from './narrate.ts';

export type Audit =
  | { readonly ok: true; readonly entries: readonly AuditEntry[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** Up to the state's head, which is also where nodes have their names from. */
export async function readAudit(
  log: Pick<Log, 'read'>,
  state: ClusterState,
  about: string | undefined,
  team: string = DEFAULT_TEAM,
): Promise<Audit> {
  const to = state.head;
  if (to === 0) return { ok: true, entries: [] };
  if (about === undefined) return { ok: true, entries: await readEverything(log, to) };
  const asked = readNameWithTeam(about, team);
  if (![asked.name, asked.team].every(mayBeAskedFor)) return { ok: false, refusal: missing(about) };
  const ofNode = await readNodeStory(new FactReader(log, to), state, about, team);
  if (ofNode) return { ok: true, entries: tellAll(ofNode, state) };
  const reader = new FactReader(log, to);
  const target = await findTarget(reader, state, about, team);
  if ('kind' in target) {
    const ofNetwork = await readNetworkStory(new FactReader(log, to), state, about, team);
    return ofNetwork ? { ok: true, entries: tellAll(ofNetwork, state) } : { ok: false, refusal: target };
  }
  const own = reader.facts;
  await reader.read(1, [VOID_SUBJECTS]);
  const directory = new Directory();
  for (const fact of own) directory.note(fact);
  await readNodes(reader, state, chooseLives(listLifeSpans(own, state, to), target, directory));
  directory.noteNodes(state);
  directory.noteNetworks(state);
  const story = new AuditStory(startOver(directory), target);
  for (const fact of reader.facts) if (fact.seq >= target.firstSeq) story.add(fact);
  return { ok: true, entries: story.entries() };
}

/** Of all others nothing was ever said. */
function mayBeAskedFor(text: string): boolean {
  return text === '' || canStandInSubject(text);
}

function tellAll(facts: readonly Fact[], state: ClusterState): AuditEntry[] {
  const directory = new Directory();
  directory.noteNodes(state);
  directory.noteNetworks(state);
  return facts.map((fact) => {
    const entry = toEntry(fact, narrate(fact, directory));
    directory.note(fact);
    return entry;
  });
}

/** Of the target's own tasks, and of those whose places they took. */
function chooseLives(
  spans: readonly LifeSpan[],
  { taskIds, serviceIds }: AuditTarget,
  { tasks }: Directory,
): readonly LifeSpan[] {
  if (!taskIds) return spans.filter(({ id }) => serviceIds.has(tasks.get(id)!.serviceId));
  const before = new Set([...taskIds].map((id) => tasks.get(id)?.replaces));
  return spans.filter(({ id }) => taskIds.has(id) || before.has(id));
}

async function readEverything(log: Pick<Log, 'read'>, to: number): Promise<AuditEntry[]> {
  const directory = new Directory();
  const entries: AuditEntry[] = [];
  for await (const record of log.read({ from: 1, to })) {
    const fact = decode(record);
    entries.push(toEntry(fact, narrate(fact, directory)));
    directory.note(fact);
  }
  return entries;
}

/** Specs as they were at first: the story tells what each update changed. */
function startOver(directory: Directory): Directory {
  directory.rewind();
  return directory;
}
