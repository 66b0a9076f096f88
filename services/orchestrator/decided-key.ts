// The key of the object that a decision of an orchestrator was about. Asked just before it is folded.
import type { EventFact } from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import type { ClusterState } from '@muster/state';
import { keyOfIntent, objectKey } from './object-key.ts';

export function decidedKey(state: ClusterState, { event }: EventFact): string | undefined {
  switch (event.type) {
    case 'service.created':
      return objectKey('service', event.team ?? DEFAULT_TEAM, event.spec.name);
    case 'service.updated':
    case 'service.rolled_back':
    case 'service.update_ended':
    case 'service.removed':
    case 'service.reconciled': {
      const service = state.services.get(event.serviceId);
      return service && objectKey('service', service.team, service.spec.name);
    }
    // The ingress network is made on the way to a verdict about a service.
    case 'network.created':
    case 'network.removed':
    case 'node.updated':
    case 'node.removed':
    case 'cluster.updated': {
      const intent = state.intents.get(event.cause);
      return intent && keyOfIntent(intent);
    }
    case 'intent.rejected':
    case 'intent.satisfied': {
      const intent = state.intents.get(event.intent);
      return intent && keyOfIntent(intent);
    }
    default:
      return undefined;
  }
}
