// What an intent comes to where it is accepted: an event that makes the change, and whose cause it is.
import type { EventType, MusterEvent } from '../catalogue.ts';

export const acceptances = [
  'service.created',
  'service.updated',
  'service.rolled_back',
  'service.removed',
  'node.updated',
  'node.removed',
  'network.created',
  'network.removed',
  'cluster.updated',
] as const satisfies readonly EventType[];
export type Acceptance = Extract<MusterEvent, { readonly type: (typeof acceptances)[number] }>;

/** What nobody asked for accepts nothing: a service that rolls back by itself, the ingress network on the way to a service. */
export function isAcceptance(event: MusterEvent): event is Acceptance {
  const isOne = (acceptances as readonly EventType[]).includes(event.type);
  return isOne && 'actor' in event && event.actor !== undefined;
}
