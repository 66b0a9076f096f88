// Reads the story of a service or a task from the log: the names first, then what concerns it. It keeps nothing.
import { decode } from '@muster/events';
import type { Log, ReadOptions } from '@muster/log';
import { type Refusal, refuse } from '@muster/model';
import type { ClusterState } from '@muster/state';
import { AuditStory } from './audit-story.ts';
import { type AuditTarget, chooseTarget } from './audit-target.ts';
import { Directory } from './directory.ts';
import { narrate } from './narrate.ts';
import type { AuditEntry } from './views.ts';

/** What names are learnt from. */
export const NAMING_SUBJECTS: readonly string[] = ['muster.event.orchestrator.service.*'];
const INTENTS_AND_VERDICTS: readonly string[] = ['muster.intent.>', 'muster.event.orchestrator.intent.*'];
const NODE_SUBJECTS: readonly string[] = ['muster.event.*.node.*'];
/** More services than this under one name are read together with all others. */
const MAX_FILTERS = 20;

export type Audit =
  | { readonly ok: true; readonly entries: readonly AuditEntry[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** Up to the state's head, which is also where nodes have their names from. */
export async function readAudit(log: Log, state: ClusterState, about: string | undefined): Promise<Audit> {
  const to = state.head;
  if (to === 0) return { ok: true, entries: [] };
  if (about === undefined) return { ok: true, entries: await readEverything(log, to) };
  const directory = new Directory();
  await readInto(log, { from: 1, to, subjects: NAMING_SUBJECTS }, (fact) => directory.note(fact));
  const target = chooseTarget(directory, about);
  if ('kind' in target) return { ok: false, refusal: target };
  directory.noteNodes(state);
  const story = new AuditStory(startOver(directory), target);
  if (target.name !== undefined) {
    const before = target.firstSeq === 0 ? to : target.firstSeq - 1;
    await readInto(log, { from: 1, to: before, subjects: INTENTS_AND_VERDICTS }, (fact) => story.add(fact));
  }
  if (target.firstSeq > 0) {
    await readInto(log, { from: target.firstSeq, to, subjects: subjectsOf(target) }, (fact) =>
      story.add(fact),
    );
  }
  const entries = story.entries();
  if (entries.length === 0)
    return { ok: false, refusal: refuse('not-found', `no such service or task: ${about}`) };
  return { ok: true, entries };
}

async function readEverything(log: Log, to: number): Promise<AuditEntry[]> {
  const directory = new Directory();
  const entries: AuditEntry[] = [];
  await readInto(log, { from: 1, to }, (fact) => {
    entries.push({ seq: fact.seq, time: fact.time, ...narrate(fact, directory) });
    directory.note(fact);
  });
  return entries;
}

async function readInto(
  log: Log,
  options: ReadOptions & { readonly to: number },
  add: (fact: ReturnType<typeof decode>) => void,
): Promise<void> {
  if (options.to < options.from) return;
  for await (const record of log.read(options)) add(decode(record));
}

/** Specs as they were at first: the story tells what each update changed. */
function startOver(directory: Directory): Directory {
  for (const service of directory.services.values()) service.spec = service.firstSpec;
  return directory;
}

function subjectsOf({ serviceIds }: AuditTarget): string[] {
  const services = serviceIds.size > MAX_FILTERS ? ['*'] : [...serviceIds];
  return [...INTENTS_AND_VERDICTS, ...NODE_SUBJECTS, ...services.map((id) => `muster.event.*.service.${id}`)];
}
