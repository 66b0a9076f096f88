// The orchestrator: admits intents, and keeps every service as its spec says. It never touches a node.
import { eventSubject } from '@muster/events';
import type { Decision, Reducer } from '@muster/runtime';
import { type ClusterState, lastSeqOf } from '@muster/state';
import { admit } from './admit.ts';
import { needsReconciling, reconcile } from './reconcile.ts';

/** Decisions of one round. The rest has its turn in the next: no flood of one kind starves another. */
const MAX_INTENTS_PER_ROUND = 512;
const MAX_SERVICES_PER_ROUND = 512;
const MAX_QUARANTINES_PER_ROUND = 64;

export function createOrchestrator(): Reducer {
  const noticed = new Set<string>();
  const wakeByService = new Map<string, number>();

  function decide(state: ClusterState, now: number): Decision[] {
    for (const [id, at] of wakeByService) if (at <= now) noticed.add(id);
    return [...quarantine(state), ...admitIntents(state), ...reconcileServices(state, now)];
  }

  function reconcileServices(state: ClusterState, now: number): Decision[] {
    const decisions: Decision[] = [];
    const decided: string[] = [];
    for (const id of noticed) {
      if (decisions.length >= MAX_SERVICES_PER_ROUND) break;
      noticed.delete(id);
      const service = state.services.get(id);
      wakeByService.delete(id);
      if (!service || !needsReconciling(service)) continue;
      const { event, wakeAt } = reconcile(service, now);
      if (wakeAt !== undefined) wakeByService.set(id, wakeAt);
      if (!event) continue;
      decisions.push({ event, expect: lastSeqOf(state, eventSubject('orchestrator', 'service', id)) });
      decided.push(id);
    }
    // Looked at again, after the others, until there is nothing to decide.
    for (const id of decided) noticed.add(id);
    return decisions;
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
  };
}

/** Intents in log order, one for each name in a round: the next one must see what became of the one before. */
function admitIntents(state: ClusterState): Decision[] {
  const decisions: Decision[] = [];
  const names = new Set<string>();
  let looked = 0;
  for (const intent of state.intents.values()) {
    if (looked >= MAX_INTENTS_PER_ROUND) break;
    looked += 1;
    const name = nameOf(intent);
    if (names.has(name)) continue;
    names.add(name);
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
