// Subjects whose object does not live, or is no more: the last sequence of some of them is kept all the same, as somebody may
// yet decide there. Anybody can invent any number of them.
import type { EventSubject } from '@muster/events';
import { parseEventSubject } from '@muster/events';
import type { ClusterState } from '../cluster/state.ts';

/** How many last sequences are kept of subjects whose object does not live. */
const MAX_STRANGERS = 1_000;

/** Its last sequence is known already. */
export function noteStranger(state: ClusterState, subject: string): void {
  const { lastSeqs, strangers } = state;
  strangers.add(subject);
  if (strangers.size <= MAX_STRANGERS) return;
  const [oldest] = strangers;
  strangers.delete(oldest!);
  // Its object may have come to life since.
  if (!isAlive(state, parseEventSubject(oldest!)!)) lastSeqs.delete(oldest!);
}

export function isAlive(state: ClusterState, { kind, id }: EventSubject): boolean {
  switch (kind) {
    case 'cluster':
      return true;
    case 'service':
      return state.services.has(id);
    case 'node':
      return state.nodes.has(id);
    case 'network':
      return state.networks.has(id);
    case 'intent':
      return state.intents.has(Number(id));
    case 'quarantine':
      return state.poison.has(Number(id));
    case 'void':
      return false;
  }
}
