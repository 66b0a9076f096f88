// What a service is told when no node suits its pending tasks: once, and again only when the reason changes.
import { type EventDraft, eventSubject } from '@muster/events';
import type { Decision } from '@muster/runtime';
import { type ClusterState, isGlobal, isPaused, lastSeqOf, type Service } from '@muster/state';
import { explainOwnNodes, explainRefusals, listRefusals, type Refusal } from '../filters/pipeline.ts';
import { causeOf } from './group.ts';
import type { Unsuited } from './turn.ts';

/**
 * Undefined when the service knows already. Tasks of an older version are on their way out, and need no reason, unless their
 * update is paused.
 */
export function tellUnsuited(
  state: ClusterState,
  service: Service,
  unsuited: readonly Unsuited[],
): Decision | undefined {
  const current = unsuited.find(({ group }) => group.version === service.version);
  const [told] = current ? [current] : isPaused(service) ? unsuited : [];
  if (!told) return tellNothing(state, service);
  const { group, refusals } = told;
  return tell(state, service, causeOf(group.tasks), {
    message: isGlobal(service) ? explainOwnNodes(refusals) : explainRefusals(refusals),
    refused: listRefusals(refusals),
  });
}

/** Takes back what was told when nothing is pending any more, though nothing was assigned either. */
export function tellNothing(state: ClusterState, service: Service): Decision | undefined {
  const cause = lastSeqOf(state, eventSubject('orchestrator', 'service', service.id));
  return tell(state, service, cause, { message: '', refused: [] });
}

function tell(
  state: ClusterState,
  service: Service,
  cause: number,
  reason: { readonly message: string; readonly refused: Refusal[] },
): Decision | undefined {
  // Until a version is allocated, what its service is told is the allocator's business.
  if (!service.version.ports || (service.unschedulable?.message ?? '') === reason.message) return undefined;
  const event: EventDraft = {
    type: 'tasks.unschedulable',
    cause,
    serviceId: service.id,
    specVersion: service.version.seq,
    ...reason,
  };
  return { event, expect: lastSeqOf(state, eventSubject('scheduler', 'service', service.id)) };
}
