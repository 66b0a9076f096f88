// What must hold after every single record, whatever fails: folded beside the cluster from the same log. A broken
// rule throws with the sequence at which it broke.
import { type Fact, isAcceptance, type RawRecord } from '@muster/events';
import { countReplicas, TaskState } from '@muster/model';
import {
  type ClusterNode,
  type ClusterState,
  clearChanges,
  createChanges,
  createState,
  foldRecord,
  isLive,
  isPaused,
  pacingOf,
  type Service,
  type Task,
  type UpdateState,
} from '@muster/state';
import { foldAll } from '@muster/testing';
import { checkAddresses, gives } from './check-addresses.ts';
import { isTransition } from './transitions.ts';

export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
}

export interface Observer {
  readonly state: ClusterState;
  observe(record: RawRecord): void;
}

const OLD_TASK_TIMEOUT_MS = 60_000;

export function createObserver(): Observer {
  let state = createState();
  const records: RawRecord[] = [];
  const changes = createChanges();
  const verdicts = new Map<number, number>();
  const created = new Set<string>();
  /** How often each slot was restarted with each version. */
  const restarts = new Map<string, number>();
  /** Slots in which a start-first update is under way. */
  const startingFirst = new Set<string>();
  /** When a node was last down, by node id. */
  const lastDownAt = new Map<string, number>();
  /** As it was after the record before. */
  const observed = new Map<string, TaskState>();

  return {
    get state() {
      return state;
    },
    observe(record) {
      records.push(record);
      let updating: UpdateState | undefined;
      const downBefore = new Set(
        [...state.nodes.values()].filter((node) => node.status === 'down').map((node) => node.id),
      );
      const voidBefore = countVoid(state);
      const fact = foldRecord(state, record, changes, (read) => {
        updating = updateBefore(state, read);
      });
      try {
        checkFact(record, fact, countVoid(state) > voidBefore);
        if (countVoid(state) === voidBefore) checkUpdate(fact, updating);
        for (const id of new Set(changes.tasks)) checkTask(id, fact, record.time);
        for (const id of changes.nodes) {
          checkNode(id);
          if (downBefore.has(id)) lastDownAt.set(id, record.time);
        }
        for (const id of changes.services) checkSlots(id);
        if (state.networks.size > 0 && gives(fact)) checkAddresses(state);
      } catch (error) {
        throw new BrokenRule(`at sequence ${record.seq} (${record.subject}): ${(error as Error).message}`);
      }
      clearChanges(changes);
      if (fact.is === 'event' && fact.event.type === 'record.voided') beginAgain();
    },
  };

  /** What was decided because of the record that is void now may have left a second task in a slot, until it is settled. */
  function beginAgain(): void {
    state = foldAll(records);
    observed.clear();
    for (const task of state.tasks.values()) observed.set(task.id, task.observed);
    for (const [cause, seq] of verdicts) if (state.voided.has(seq)) verdicts.delete(cause);
    for (const service of state.services.values())
      for (const { number } of service.doubled) startingFirst.add(`${service.id}/${number}`);
  }

  function checkFact(record: RawRecord, fact: Fact, isVoid: boolean): void {
    // Nobody but an intruder writes so little.
    if ((fact.is === 'poison' || fact.is === 'unknown') && record.data.length > 200)
      throw new Error(`a reducer or agent wrote ${fact.reason}`);
    if (fact.is !== 'event' || isVoid) return;
    const { event } = fact;
    // A service that goes back by itself answers no intent.
    const isVerdict = isAcceptance(event) && event.actor !== undefined;
    if (isVerdict || event.type === 'intent.rejected' || event.type === 'intent.satisfied') {
      if (verdicts.has(event.cause)) throw new Error(`intent ${event.cause} has a second verdict`);
      verdicts.set(event.cause, fact.seq);
    }
    if (event.type !== 'service.reconciled') return;
    for (const { id, slot, cause } of event.created) {
      if (created.has(id)) throw new Error(`task ${id} is created twice`);
      created.add(id);
      if (cause === 'restart')
        countRestart(`${event.serviceId}/${slot}`, state.tasks.get(id), event.specVersion);
    }
  }

  /** An update comes to an end once, only its own failure ends it early, and what is paused replaces nothing. */
  function checkUpdate(fact: Fact, before: UpdateState | undefined): void {
    if (fact.is !== 'event' || !('serviceId' in fact.event)) return;
    const { event } = fact;
    const service = state.services.get(event.serviceId);
    switch (event.type) {
      case 'service.rolled_back':
        if (event.actor === undefined && before !== 'updating')
          throw new Error(`service ${event.serviceId} goes back by itself, and was ${before}`);
        return;
      case 'service.update_ended':
        if (before === undefined || !endingsOf[before]?.includes(event.state))
          throw new Error(`the update of service ${event.serviceId} is ${event.state}, and was ${before}`);
        if (
          event.state.endsWith('completed') &&
          service!.outdated.size > 0 &&
          countReplicas(service!.spec) > 0
        )
          throw new Error(
            `the update of service ${event.serviceId} is completed, and has something to replace`,
          );
        if (event.state.endsWith('paused') && service!.update!.failed === 0)
          throw new Error(`the update of service ${event.serviceId} is paused, and nothing has failed`);
        return;
      case 'service.reconciled':
        if (service && isPaused(service) && event.created.some(({ cause }) => cause === 'update'))
          throw new Error(`the update of service ${event.serviceId} is paused, and goes on`);
    }
  }

  /** Attempts without a window are for ever. */
  function countRestart(slot: string, task: Task | undefined, version: number): void {
    const key = `${slot}/${version}`;
    const count = (restarts.get(key) ?? 0) + 1;
    restarts.set(key, count);
    const { maxAttempts = 0, window = 0 } = task?.version.spec.restartPolicy ?? {};
    if (maxAttempts > 0 && window === 0 && count > maxAttempts)
      throw new Error(
        `slot ${slot} is restarted for the ${count}th time; at most ${maxAttempts} are allowed`,
      );
  }

  /** Whose word changed what was observed; and no second task of a slot starts beside one that may still run. */
  function checkTask(id: string, fact: Fact, now: number): void {
    const task = state.tasks.get(id);
    const before = observed.get(id);
    if (task?.observed === before) return;
    if (task) observed.set(id, task.observed);
    else observed.delete(id);
    const writer = fact.is === 'event' ? fact.address.writer : fact.is;
    if (!isTransition(writer, before, task?.observed))
      throw new Error(`task ${id} went from ${before} to ${task?.observed} by the word of the ${writer}`);
    if (!task) return;
    // One that is to stop itself may have started long ago, and its node only says so now.
    if (task.observed !== TaskState.RUNNING || !isLive(task)) return;
    const other = task.slot.tasks.find((sibling) => sibling.row !== task.row && mayRun(sibling, now));
    if (other)
      throw new Error(`slot ${task.slot.number} of ${task.service.spec.name} runs ${id} beside ${other.id}`);
  }

  /** A live one is checkSlots' matter. */
  function mayRun(task: Task, now: number): boolean {
    if (isLive(task) || wasDownSince(task.node, task.desiredAt)) return false;
    if (task.observed < TaskState.STARTING || task.observed > TaskState.RUNNING) return false;
    return task.desiredAt + OLD_TASK_TIMEOUT_MS > now;
  }

  /** Whoever decided while the node was down could not wait for it. */
  function wasDownSince(node: ClusterNode | undefined, since: number): boolean {
    return node !== undefined && (node.status === 'down' || (lastDownAt.get(node.id) ?? 0) >= since);
  }

  function checkNode(id: string): void {
    const node = state.nodes.get(id);
    if (!node) return;
    const { nanoCpus, memoryBytes } = node.description.resources;
    if (node.reserved.nanoCpus > nanoCpus || node.reserved.memoryBytes > memoryBytes) {
      throw new Error(`node ${id} is over-committed: ${JSON.stringify(node.reserved)}`);
    }
    for (const [port, holders] of node.hostPorts)
      if (holders > 1) throw new Error(`port ${port} of node ${id} is held ${holders} times`);
  }

  function checkSlots(id: string): void {
    const service = state.services.get(id);
    if (!service) return;
    if (service.spec.mode.global && !service.removed) checkPlaces(service);
    for (const slot of service.slots.values()) {
      const live = slot.tasks.filter(isLive);
      const key = `${id}/${slot.number}`;
      if (live.length <= 1) startingFirst.delete(key);
      else if (live.length > 2) throw new Error(`slot ${key} has ${live.length} live tasks`);
      else if (live[1]!.cause === 'update' && pacingOf(service).order === 'start-first')
        startingFirst.add(key);
      else if (!startingFirst.has(key))
        throw new Error(`slot ${key} has two live tasks without a start-first update`);
    }
  }
}

/** No task of a global service is anywhere but on the node whose place it has, and no node has two places. */
function checkPlaces(service: Service): void {
  const taken = new Set<ClusterNode>();
  for (const { number, node, occupied, tasks } of service.slots.values()) {
    const name = `slot ${number} of ${service.spec.name}`;
    if (occupied && !node) throw new Error(`${name} is no node's`);
    if (node && taken.has(node)) throw new Error(`${name} is a second place on ${node.id}`);
    if (node) taken.add(node);
    const astray = tasks.find((task) => task.node && task.node !== node && isLive(task));
    if (astray) throw new Error(`${name} runs ${astray.id} on ${astray.node!.id}, not on ${node?.id}`);
  }
}

function countVoid({ conflicts, astray }: ClusterState): number {
  return conflicts + astray;
}

const endingsOf: Partial<Record<UpdateState, readonly UpdateState[]>> = {
  updating: ['paused', 'completed'],
  rollback_started: ['rollback_paused', 'rollback_completed'],
};

function updateBefore(state: ClusterState, fact: Fact): UpdateState | undefined {
  if (fact.is !== 'event' || !('serviceId' in fact.event)) return undefined;
  return state.services.get(fact.event.serviceId)?.update?.state;
}
