// How decisions about the update of a service change the state.
import { type EventFact, type EventOf, type EventType, readStored, serviceSpecForm } from '@muster/events';
import { hasItsNetworks } from '../cluster/networks/network-users.ts';
import { findPortConflict, listClaims } from '../cluster/publishers.ts';
import { isUnderWay } from '../cluster/services/service-update.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Changes } from './changes.ts';
import { changeSpec } from './evolve-service.ts';
import { beginUpdate } from './update-progress.ts';
import { indexUpdated } from './whole-service.ts';

type FactOf<Type extends EventType> = EventFact<EventOf<Type>>;

export function rollBackService(
  state: ClusterState,
  { event, seq, time }: FactOf<'service.rolled_back'>,
  changes: Changes,
): boolean {
  const service = state.services.get(event.serviceId);
  const previous = service?.previousSpec;
  if (!service || service.removed || !previous) return false;
  const isAskedFor = event.actor !== undefined;
  const spec = readStored(serviceSpecForm, previous);
  // While an update may go back by itself, nobody takes its networks and ports away.
  if (isAskedFor && !hasItsNetworks(state, spec)) return false;
  if (isAskedFor && findPortConflict(state, spec.endpointSpec.ports, service.id)) return false;
  const failed = service.update;
  if (isAskedFor ? !state.intents.delete(event.cause) : failed?.state !== 'updating') return false;
  const left = service.storedSpec;
  changeSpec(state, service, { stored: previous, spec, seq, time }, changes);
  // Who goes back by himself may change his mind. What failed is not gone back to.
  service.previousSpec = isAskedFor ? left : undefined;
  const startedAt = isAskedFor ? time : failed!.startedAt;
  beginUpdate(service, { state: 'rollback_started', message: event.message, startedAt }, { seq, time });
  return true;
}

export function endUpdate(
  state: ClusterState,
  { event, time }: FactOf<'service.update_ended'>,
  changes: Changes,
): boolean {
  const service = state.services.get(event.serviceId);
  if (!service?.update || service.removed || !isUnderWay(service) || service.specSeq !== event.specVersion)
    return false;
  const isComplete = event.state === 'completed' || event.state === 'rollback_completed';
  service.update = {
    ...service.update,
    state: event.state,
    message: event.message,
    completedAt: isComplete ? time : undefined,
  };
  state.publishers.set(service.id, listClaims(service));
  if (isComplete) indexUpdated(state.tables, service);
  changes.services.add(service.id);
  return true;
}
