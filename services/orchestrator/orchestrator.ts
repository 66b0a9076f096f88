// The orchestrator: admits intents, and keeps every service as its spec says. It never touches a node.
import { eventSubject, WIRE_VERSION } from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import {
  createFaults,
  createWorkList,
  type Decision,
  type HeardOf,
  type Lost,
  type RecordLimit,
  type Reducer,
  type Share,
  usualRecordLimit,
} from '@muster/runtime';
import { type ClusterState, lastSeqOf } from '@muster/state';
import { admit } from './admission/admit.ts';
import { createIntentQueue } from './admission/intent-queue.ts';
import { decidedKey } from './decided-key.ts';
import { recordLost } from './lost-records.ts';
import { objectKey } from './object-key.ts';
import { createQuarantine } from './quarantine.ts';
import { type Obstacles, raiseVersion } from './raise-version.ts';
import { needsReconciling, type Reconciliation, reconcile } from './reconcile.ts';

/** Decisions of one round. The rest has its turn in the next: no flood of one kind starves another. */
const MAX_INTENTS_PER_ROUND = 512;
const MAX_SERVICES_PER_ROUND = 512;
/** A round that has come to list so many tasks ends there. */
const MAX_TASKS_PER_ROUND = 16_000;

const nothing: Reconciliation = { event: undefined, wakeAt: undefined };

export interface OrchestratorOptions {
  /** Which names are ours; all of them by default. */
  readonly share?: Share;
  /** What the log has lost of what this process had read, if anything. */
  readonly lost?: Lost | undefined;
  readonly maxRecordBytes?: RecordLimit;
  /** The newest wire version to which the cluster may be raised: what this build reads. */
  readonly reads?: number;
}

export interface Orchestrator extends Reducer {
  /** A copy of some role says that it is there, and what it reads. */
  hear(heard: HeardOf, now: number): void;
  /** What keeps the cluster's version below what this build reads; undefined when it isn't. */
  obstacles(state: ClusterState, now: number): Obstacles | undefined;
}

export function createOrchestrator(options: OrchestratorOptions = {}): Orchestrator {
  const { share, lost, maxRecordBytes = usualRecordLimit, reads = WIRE_VERSION } = options;
  let known: ClusterState | undefined;
  const queue = createIntentQueue();
  /** Keys with an intent to judge, and services to reconcile: of one key both are one copy's. */
  const intents = createWorkList({
    share,
    tenantOf: (key) => queue.first(known!, key)?.team ?? DEFAULT_TEAM,
  });
  const services = createWorkList({
    share,
    keyOf(id) {
      const service = known!.services.get(id);
      return service ? objectKey('service', service.team, service.spec.name) : id;
    },
    tenantOf: (id) => known!.services.get(id)?.team ?? DEFAULT_TEAM,
  });
  const faults = createFaults(services);
  const quarantine = createQuarantine(share, maxRecordBytes);
  const version = raiseVersion(reads);
  /** Services with a verdict in the last round. In this one it is their tasks' turn: neither starves the other. */
  let admitted: readonly string[] = [];

  function decide(state: ClusterState, now: number): Decision[] {
    known = state;
    intents.wake(now, (key) => queue.first(state, key) !== undefined);
    services.wake(now, (id) => reconcileService(state, id, now) !== undefined);
    const reconciled: Decision[] = [];
    // Both want the next place on the service's subject, so only one of them may have it in a round.
    reconcileNext(state, now, reconciled, admitted.values(), (id) => services.claim(id));
    const verdicts = admitIntents(state, new Set(reconciled.map(serviceOf)));
    admitted = verdicts.map(serviceOf);
    const taken = new Set(admitted);
    reconcileNext(state, now, reconciled, takeAll(), (id) => !taken.has(id));
    // Looked at again, after the others, until there is nothing to decide.
    for (const { event } of [...reconciled, ...verdicts])
      if ('serviceId' in event) services.add(event.serviceId);
    const decisions = [
      ...version.decide(state, now),
      ...recordLost(state, lost, maxRecordBytes()),
      ...quarantine.decide(state, now),
      ...reconciled,
      ...verdicts,
    ];
    if (decisions.length === 0) faults.tell();
    return decisions;
  }

  function* takeAll(): Generator<string> {
    for (let id = services.take(); id !== undefined; id = services.take()) yield id;
  }

  function reconcileNext(
    state: ClusterState,
    now: number,
    decisions: Decision[],
    ids: Iterator<string>,
    hasTurn: (id: string) => boolean,
  ): void {
    let tasks = 0;
    while (decisions.length < MAX_SERVICES_PER_ROUND && tasks < MAX_TASKS_PER_ROUND) {
      const next = ids.next();
      if (next.done) return;
      const decision = hasTurn(next.value) && reconcileService(state, next.value, now);
      if (!decision) continue;
      decisions.push(decision);
      tasks += countTasks(decision);
    }
  }

  function reconcileService(state: ClusterState, id: string, now: number): Decision | undefined {
    const service = state.services.get(id);
    const reconciliation = faults.guard(id, now, () =>
      service && needsReconciling(service) ? reconcile(state, service, now, maxRecordBytes()) : nothing,
    );
    if (!reconciliation) return undefined;
    const { event, wakeAt } = reconciliation;
    if (wakeAt !== undefined) services.addAt(id, wakeAt);
    return event && { event, expect: lastSeqOf(state, eventSubject('orchestrator', 'service', id)) };
  }

  function admitIntents(state: ClusterState, reconciled: ReadonlySet<string>): Decision[] {
    const decisions: Decision[] = [];
    const seen: string[] = [];
    while (decisions.length < MAX_INTENTS_PER_ROUND) {
      const key = intents.take();
      if (key === undefined) break;
      const intent = queue.first(state, key);
      if (!intent) continue;
      // The next one of this key must see what became of this one.
      seen.push(key);
      const verdict = admit(state, intent, maxRecordBytes());
      if (!reconciled.has(serviceOf(verdict))) decisions.push(verdict);
    }
    for (const key of seen) intents.add(key);
    return decisions;
  }

  return {
    name: 'orchestrator',
    notice(state, changes) {
      known = state;
      for (const id of changes.services) services.add(id);
      for (const seq of changes.intents) {
        const intent = state.intents.get(seq);
        if (intent) intents.add(queue.add(intent));
      }
      quarantine.notice(changes.poison);
    },
    noteDecision(state, fact) {
      const key = decidedKey(state, fact);
      if (key === undefined) return;
      share?.noteDecision(key);
      intents.noteDecision(key);
      if (fact.address.kind === 'service') services.noteDecision(fact.address.id);
    },
    decide,
    hear: version.hear,
    obstacles: version.obstacles,
    nextWake() {
      const times = [intents, services, quarantine, version].map((list) => list.nextWake()).filter(isTime);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    backlog: () => ({ services: services.size, intents: intents.size, held: services.held + intents.held }),
  };
}

const isTime = (time: number | undefined) => time !== undefined;

function serviceOf({ event }: Decision): string {
  return 'serviceId' in event ? event.serviceId : '';
}

function countTasks({ event }: Decision): number {
  if (event.type !== 'service.reconciled') return 0;
  const { created = [], desired = [], reaped = [] } = event;
  return created.length + desired.length + reaped.length;
}
