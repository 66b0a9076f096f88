// evolve(state, fact): the one fold. Pure but for the state it is given; the same in every reducer, the API, the
// CLI, the tests and replay. It never decides: it only knows which of two decisions came first.
import {
  type EventFact,
  type EventOf,
  type EventSubject,
  type EventType,
  type Fact,
  parseEventSubject,
  type RawRecord,
} from '@muster/events';
import type { ClusterState } from '../cluster/state.ts';
import type { Changes } from './changes.ts';
import { createCluster, raiseVersion, updateCluster } from './evolve-cluster.ts';
import {
  allocateNetwork,
  allocateNode,
  createNetwork,
  forgetEmptied,
  noteNetworkFailed,
  noteNodeFailed,
  removeNetwork,
} from './evolve-network.ts';
import {
  assignTasks,
  changeNodeStatus,
  joinNode,
  noteUndelivered,
  orphanTasks,
  removeNode,
  reportTasks,
  updateNode,
} from './evolve-node.ts';
import {
  allocateService,
  createService,
  noteAllocationFailed,
  noteUnschedulable,
  reconcileService,
  removeService,
  updateService,
} from './evolve-service.ts';
import { endUpdate, rollBackService } from './evolve-update.ts';
import { basisOf, countFrom, recordCommandsAhead, recordLoss } from './losses.ts';
import { isAlive, noteStranger } from './strangers.ts';

/** Raised whenever the same log would fold to another state: snapshots of other versions are ignored. */
export const FOLD_VERSION = 7;

type Apply<Type extends EventType> = (
  state: ClusterState,
  fact: EventFact<EventOf<Type>>,
  changes: Changes,
) => boolean;

const applyByType: { readonly [Type in EventType]: Apply<Type> } = {
  'cluster.created': createCluster,
  'cluster.version_raised': raiseVersion,
  'cluster.updated': updateCluster,
  'cluster.records_lost': recordLoss,
  'cluster.commands_ahead': recordCommandsAhead,
  'service.created': createService,
  'service.updated': updateService,
  'service.rolled_back': rollBackService,
  'service.update_ended': endUpdate,
  'service.removed': removeService,
  'service.reconciled': reconcileService,
  'service.allocated': allocateService,
  'service.allocation_failed': noteAllocationFailed,
  'tasks.unschedulable': noteUnschedulable,
  'network.created': createNetwork,
  'network.removed': removeNetwork,
  'network.allocated': allocateNetwork,
  'network.allocation_failed': noteNetworkFailed,
  'tasks.assigned': assignTasks,
  'node.allocated': allocateNode,
  'node.allocation_failed': noteNodeFailed,
  'node.updated': updateNode,
  'node.removed': removeNode,
  'node.status_changed': changeNodeStatus,
  'tasks.orphaned': orphanTasks,
  'tasks.undelivered': noteUndelivered,
  'node.joined': joinNode,
  'tasks.reported': reportTasks,
  'intent.rejected': (state, { event }) => state.intents.delete(event.intent),
  'intent.satisfied': (state, { event }) => state.intents.delete(event.intent),
  'event.quarantined': (state, { event }) => state.poison.delete(event.record),
  'record.voided': noteVoid,
};

/** Facts must come in log order, each once. `changes` collects what was touched. */
export function evolve(state: ClusterState, fact: Fact, changes: Changes): void {
  state.head = fact.seq;
  state.headTime = fact.time;
  if (fact.is === 'intent') {
    state.intents.add(fact);
    changes.intents.add(fact.seq);
    return;
  }
  if (fact.is === 'poison') {
    state.poison.set(fact.seq, { subject: fact.subject, reason: fact.reason });
    changes.poison.add(fact.seq);
    // It counts for the compare-and-set of whatever is decided on its subject.
    const address = parseEventSubject(fact.subject);
    if (address) noteLast(state, fact, address);
    return;
  }
  state.lastSeqs.set(fact.subject, fact.seq);
  if (fact.is === 'unknown') {
    // The first reason is the one that counts: what comes after it may be unknown because of it.
    const { seq, subject, type, reason } = fact;
    state.halted ??= { reason, record: { seq, subject, type } };
    return;
  }
  const apply = applyByType[fact.event.type] as Apply<EventType>;
  if (!apply(state, fact, changes)) state.conflicts += 1;
  if (state.tables.networks.emptied.size > 0) forgetEmptied(state);
  if (isClosed(state, fact)) state.lastSeqs.delete(fact.subject);
  else if (fact.address.kind === 'node' && !isAlive(state, fact.address)) noteLast(state, fact, fact.address);
}

/** Somebody has said that it is void. It is there, and counts for the compare-and-set; it changes nothing else. */
export function leaveOut(state: ClusterState, { seq, time, subject }: RawRecord): void {
  state.head = seq;
  state.headTime = time;
  state.voided.add(seq);
  const address = parseEventSubject(subject);
  if (address) noteLast(state, { seq, subject }, address);
}

/**
 * Commands that follow from the record are there, and agents have obeyed them: from here on all count from beyond those. A
 * fold that did not know of it before has to begin again, and decides nothing until then.
 */
function noteVoid(
  state: ClusterState,
  { seq, subject, event }: EventFact<EventOf<'record.voided'>>,
): boolean {
  const { type, record } = event;
  if (seq > state.voids.readTo) {
    if (record < seq)
      state.halted = {
        reason: `record ${record} is void since ${seq}: the log has to be folded again without it`,
        record: { seq, subject, type },
      };
    return false;
  }
  return state.voids.byRecord.get(record)?.seq === seq && countFrom(state, basisOf(state, seq));
}

/** It was decided on another log. It is there, and counts for the compare-and-set; it changes nothing else. */
export function voidDecision(state: ClusterState, { seq, time, subject, address }: EventFact): void {
  state.head = seq;
  state.headTime = time;
  noteLast(state, { seq, subject }, address);
  state.astray += 1;
}

function noteLast(
  state: ClusterState,
  { seq, subject }: Pick<Fact, 'seq' | 'subject'>,
  address: EventSubject,
): void {
  state.lastSeqs.set(subject, seq);
  if (!isAlive(state, address)) noteStranger(state, subject);
}

/** As a rule nobody decides on its subject again: a verdict on what came before it, or a word about a service that is gone. */
function isClosed(state: ClusterState, { address, seq }: EventFact): boolean {
  switch (address.kind) {
    case 'intent':
    case 'quarantine':
      return Number(address.id) < seq;
    case 'service':
      return !state.services.has(address.id);
    case 'network':
      return !state.networks.has(address.id);
    case 'void':
      return true;
    case 'cluster':
    case 'node':
      return false;
  }
}
