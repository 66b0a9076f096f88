// What a decision of an orchestrator was about: a team's name, or a record to be quarantined. Asked just before it is folded.
import type { EventFact } from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import { type ClusterState, foldName } from '@muster/state';
import { nameOf } from './waiting-intents.ts';

export function decidedName(state: ClusterState, { event }: EventFact): string | undefined {
  switch (event.type) {
    case 'service.created':
      return foldName(event.team ?? DEFAULT_TEAM, event.spec.name);
    case 'service.updated':
    case 'service.removed':
    case 'service.reconciled': {
      const service = state.services.get(event.serviceId);
      return service && foldName(service.team, service.spec.name);
    }
    case 'intent.rejected':
    case 'intent.satisfied': {
      const intent = state.intents.get(event.intent);
      return intent && nameOf(intent);
    }
    case 'event.quarantined':
      return String(event.record);
    default:
      return undefined;
  }
}
