// Which facts belong to the story of a target, and how each is told. Pure: facts in, entries out.
import { type EventFact, type Fact, parseEventSubject } from '@muster/events';
import type { Directory } from '../queries/directory.ts';
import type { AuditEntry } from '../queries/views.ts';
import { toEntry } from './audit-entry.ts';
import { isIntentFor } from './audit-names.ts';
import type { AuditTarget } from './audit-target.ts';
import { narrate, type TaskFocus } from './narrate.ts';

interface Told {
  readonly entry: AuditEntry;
  /** It says something about one of the target's tasks, or about their spec. */
  readonly direct: boolean;
}

export class AuditStory {
  private readonly told = new Map<number, Told>();
  private readonly intents = new Set<number>();
  /** The target's tasks, and those whose places they took. */
  private readonly shown: TaskFocus;

  /** The directory is the story's own from here on: it learns as facts are added. */
  constructor(
    private readonly directory: Directory,
    private readonly target: AuditTarget,
  ) {
    const { taskIds, serviceIds } = target;
    const before = new Set([...(taskIds ?? [])].map((id) => directory.tasks.get(id)?.replaces));
    this.shown = taskIds
      ? (id) => taskIds.has(id) || before.has(id)
      : (id) => serviceIds.has(directory.tasks.get(id)?.serviceId ?? '');
  }

  /** Facts come in log order. */
  add(fact: Fact): void {
    if (this.concerns(fact)) {
      const entry = toEntry(fact, narrate(fact, this.directory, this.shown));
      this.told.set(fact.seq, { entry, direct: this.isDirect(fact) });
    }
    this.directory.note(fact);
  }

  entries(): AuditEntry[] {
    const { taskIds } = this.target;
    if (!taskIds) return [...this.told.values()].map(({ entry }) => entry);
    const kept = new Set<number>();
    for (const [seq, { direct }] of this.told) if (direct) this.keepWithCauses(seq, kept);
    for (const id of taskIds) this.keepWithCauses(this.directory.tasks.get(id)?.specVersion, kept);
    return [...this.told.values()].filter(({ entry }) => kept.has(entry.seq)).map(({ entry }) => entry);
  }

  private keepWithCauses(seq: number | undefined, kept: Set<number>): void {
    for (let next = seq; next !== undefined && !kept.has(next); ) {
      const told = this.told.get(next);
      if (!told) return;
      kept.add(next);
      next = told.entry.cause;
    }
  }

  private concerns(fact: Fact): boolean {
    if (fact.is === 'intent') {
      if (!isIntentFor(fact, this.target.team, (name) => name === this.target.name)) return false;
      this.intents.add(fact.seq);
      return true;
    }
    if (fact.is !== 'event') return false;
    const { event } = fact;
    if (event.type === 'record.voided') {
      const address = parseEventSubject(event.subject);
      return address?.kind === 'service' && this.target.serviceIds.has(address.id);
    }
    if ('serviceId' in event)
      return this.target.serviceIds.has(event.serviceId) || this.target.astray.has(fact.seq);
    if ('intent' in event) return this.intents.has(event.intent);
    return tasksIn(fact).some(this.shown);
  }

  private isDirect(fact: Fact): boolean {
    const { taskIds } = this.target;
    if (!taskIds || fact.is !== 'event') return false;
    const { event } = fact;
    if (event.type === 'service.removed') return true;
    if ('specVersion' in event && event.type !== 'service.reconciled') {
      for (const id of taskIds)
        if (this.directory.tasks.get(id)?.specVersion === event.specVersion) return true;
      return false;
    }
    return tasksIn(fact).some((id) => taskIds.has(id));
  }
}

/** Every task that an event says something about. */
export function tasksIn({ event }: EventFact): readonly string[] {
  switch (event.type) {
    case 'service.reconciled':
      return [...event.created.map(({ id }) => id), ...event.desired.map(({ id }) => id), ...event.reaped];
    case 'tasks.assigned':
    case 'tasks.orphaned':
    case 'tasks.undelivered':
      return event.tasks;
    case 'tasks.reported':
      return [...event.statuses.map(({ id }) => id), ...event.gone];
    default:
      return [];
  }
}
