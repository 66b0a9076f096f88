// The orchestrator: admits intents, and keeps every service as its spec says. It never touches a node.
import { eventSubject } from '@muster/events';
import type { Decision, Reducer } from '@muster/runtime';
import { type ClusterState, lastSeqOf, type Service } from '@muster/state';
import { admit } from './admit.ts';
import { needsReconciling, type Reconciliation, reconcile } from './reconcile.ts';

/** Decisions of one round. The rest has its turn in the next: no flood of one kind starves another. */
const MAX_INTENTS_PER_ROUND = 512;
/** One name's flood of intents must not hide the others behind it. */
const MAX_INTENTS_LOOKED_AT = 10_000;
const MAX_SERVICES_PER_ROUND = 512;
const MAX_QUARANTINES_PER_ROUND = 64;
/** A service that can't be reconciled for a bug of ours is left alone so long, and holds up no other. */
const RETRY_BROKEN_MS = 10_000;

const nothing: Reconciliation = { event: undefined, wakeAt: undefined };

export function createOrchestrator(): Reducer {
  const noticed = new Set<string>();
  const wakeByService = new Map<string, number>();
  /** Services with a verdict in the last round. In this one it is their tasks' turn: neither starves the other. */
  let admitted: ReadonlySet<string> = new Set();

  function decide(state: ClusterState, now: number): Decision[] {
    for (const [id, at] of wakeByService) if (at <= now) noticed.add(id);
    // Both want the next place on the service's subject, so only one of them may have it in a round.
    const first = reconcileServices(state, now, (id) => admitted.has(id));
    const reconciled = new Set(first.map(serviceOf));
    const admissions = admitIntents(state, reconciled);
    admitted = new Set(admissions.map(serviceOf));
    const others = reconcileServices(state, now, (id) => !admitted.has(id) && !reconciled.has(id));
    return [...quarantine(state), ...first, ...admissions, ...others];
  }

  function reconcileServices(
    state: ClusterState,
    now: number,
    hasTurn: (serviceId: string) => boolean,
  ): Decision[] {
    const decisions: Decision[] = [];
    try {
      for (const id of noticed) {
        if (decisions.length >= MAX_SERVICES_PER_ROUND) break;
        if (!hasTurn(id)) continue;
        noticed.delete(id);
        const decision = reconcileService(state, state.services.get(id), id, now);
        if (decision) decisions.push(decision);
      }
    } finally {
      // Looked at again, after the others, until there is nothing to decide.
      for (const decision of decisions) noticed.add(serviceOf(decision));
    }
    return decisions;
  }

  function reconcileService(
    state: ClusterState,
    service: Service | undefined,
    id: string,
    now: number,
  ): Decision | undefined {
    wakeByService.set(id, now + RETRY_BROKEN_MS);
    const { event, wakeAt } = service && needsReconciling(service) ? reconcile(service, now) : nothing;
    wakeByService.delete(id);
    if (wakeAt !== undefined) wakeByService.set(id, wakeAt);
    return event && { event, expect: lastSeqOf(state, eventSubject('orchestrator', 'service', id)) };
  }

  return {
    name: 'orchestrator',
    notice(_state, changes) {
      for (const id of changes.services) noticed.add(id);
    },
    decide,
    nextWake() {
      let earliest: number | undefined;
      for (const at of wakeByService.values()) if (earliest === undefined || at < earliest) earliest = at;
      return earliest;
    },
    backlog: () => ({ services: noticed.size }),
  };
}

function serviceOf({ event }: Decision): string {
  return 'serviceId' in event ? event.serviceId : '';
}

/** Intents in log order, one for each name in a round: the next one must see what became of the one before. */
function admitIntents(state: ClusterState, reconciled: ReadonlySet<string>): Decision[] {
  const decisions: Decision[] = [];
  const names = new Set<string>();
  let looked = 0;
  for (const intent of state.intents.values()) {
    if (decisions.length >= MAX_INTENTS_PER_ROUND || looked >= MAX_INTENTS_LOOKED_AT) break;
    looked += 1;
    const name = nameOf(intent);
    if (names.has(name)) continue;
    names.add(name);
    const service = state.serviceByName.get(name);
    if (service && reconciled.has(service.id)) continue;
    decisions.push(admit(state, intent));
  }
  return decisions;
}

function nameOf(intent: {
  readonly name: string | undefined;
  readonly body: unknown;
  readonly seq: number;
}): string {
  if (intent.name !== undefined) return intent.name;
  const { name } = (intent.body ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : `#${intent.seq}`;
}

function quarantine(state: ClusterState): Decision[] {
  const decisions: Decision[] = [];
  for (const [record, { subject, reason }] of state.poison) {
    if (decisions.length >= MAX_QUARANTINES_PER_ROUND) break;
    decisions.push({
      event: { type: 'event.quarantined', cause: record, record, subject, reason },
      expect: lastSeqOf(state, eventSubject('orchestrator', 'quarantine', record)),
    });
  }
  return decisions;
}
