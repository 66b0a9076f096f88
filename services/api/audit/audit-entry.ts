// One link of an audited chain, in words for people and in fields for programs. Pure.
import type { Fact } from '@muster/events';
import type { AuditEntry } from '../queries/views.ts';
import type { Narration } from './narrate.ts';

/** What a record is, in a word that never changes: the type of an event, or what an intent asks. */
export function kindOf(fact: Fact): string {
  if (fact.is === 'event') return fact.event.type;
  return fact.is === 'intent' ? `intent.${fact.kind}.${fact.verb}` : fact.is;
}

export function toEntry(fact: Fact, { who, what, why, cause }: Narration): AuditEntry {
  return {
    seq: fact.seq,
    time: fact.time,
    kind: kindOf(fact),
    ...(fact.is === 'event' && { id: fact.address.id, ...fieldOf(fact.event) }),
    who,
    what,
    ...(why !== undefined && { why }),
    ...(cause !== undefined && { cause }),
  };
}

function fieldOf(event: object): { readonly field?: string } {
  return 'field' in event && typeof event.field === 'string' ? { field: event.field } : {};
}
