// Services that are to be as their specs say. An intent about one and the service itself have one key, and so are one copy's.
import type { EventDraft } from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import type { LookedAfter, RecordLimit } from '@muster/runtime';
import { objectKey } from './object-key.ts';
import { needsReconciling, reconcile } from './reconcile.ts';

/** A turn that has come to list so many tasks ends there. */
const MAX_TASKS_PER_TURN = 16_000;

export function reconcileServices(maxRecordBytes: RecordLimit): LookedAfter {
  return {
    name: 'services',
    subject: 'service',
    perRound: 512,
    perTurn: { weight: MAX_TASKS_PER_TURN, weigh: countTasks },
    keyOf(state, id) {
      const service = state.services.get(id);
      return service ? objectKey('service', service.team, service.spec.name) : id;
    },
    tenantOf: (state, id) => state.services.get(id)?.team ?? DEFAULT_TEAM,
    concerned: (_state, changes) => changes.services,
    look(state, id, now) {
      const service = state.services.get(id);
      if (!service || !needsReconciling(service)) return undefined;
      return reconcile(state, service, now, maxRecordBytes());
    },
  };
}

function countTasks(event: EventDraft): number {
  if (event.type !== 'service.reconciled') return 0;
  const { created = [], desired = [], reaped = [] } = event;
  return created.length + desired.length + reaped.length;
}
