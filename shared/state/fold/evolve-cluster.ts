// How decisions about the cluster itself change the state. Returns false when the decision is void.
import { type EventFact, type EventOf, type EventType, WIRE_VERSION } from '@muster/events';
import type { ClusterState, HaltingRecord } from '../cluster/state.ts';
import type { Changes } from './changes.ts';

type FactOf<Type extends EventType> = EventFact<EventOf<Type>>;

/** The first in log order stands: a log never changes hands. */
export function createCluster(state: ClusterState, { event }: FactOf<'cluster.created'>): boolean {
  if (state.cluster) return false;
  state.cluster = { id: event.clusterId, name: event.name };
  return true;
}

/** What comes after it may be written in a form that a copy which does not know the version would misread. */
export function raiseVersion(
  state: ClusterState,
  { seq, subject, event }: FactOf<'cluster.version_raised'>,
): boolean {
  if (event.version <= state.wireVersion) return false;
  state.wireVersion = event.version;
  haltBeyond(state, { seq, subject, type: event.type });
  return true;
}

/** Networks that have no subnet may get one now. */
export function updateCluster(
  state: ClusterState,
  { event }: FactOf<'cluster.updated'>,
  changes: Changes,
): boolean {
  if (!state.intents.delete(event.cause)) return false;
  state.addressPools = event.addressPools;
  for (const { id, number } of state.networks.values()) if (number === undefined) changes.networks.add(id);
  return true;
}

/** Also of a state that a newer build has folded and written down. */
export function haltBeyond(state: ClusterState, record?: HaltingRecord): void {
  if (state.wireVersion <= WIRE_VERSION) return;
  const reason = `the cluster is at version ${state.wireVersion}, and this program knows ${WIRE_VERSION} at most`;
  state.halted ??= { reason, record };
}
