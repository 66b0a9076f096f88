// What must hold after every single record, whatever fails: folded beside the cluster from the same log. A broken
// rule throws with the sequence at which it broke.
import type { Fact, RawRecord } from '@muster/events';
import { TaskState } from '@muster/model';
import {
  type ClusterNode,
  type ClusterState,
  clearChanges,
  createChanges,
  createState,
  foldRecord,
  isLive,
  type Service,
  type Task,
} from '@muster/state';
import { foldAll } from '@muster/testing';

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

  return {
    get state() {
      return state;
    },
    observe(record) {
      records.push(record);
      let before = new Map<string, TaskState>();
      const downBefore = new Set(
        [...state.nodes.values()].filter((node) => node.status === 'down').map((node) => node.id),
      );
      const voidBefore = countVoid(state);
      const fact = foldRecord(state, record, changes, (read) => {
        before = observedStates(state, read);
      });
      try {
        checkFact(record, fact, countVoid(state) > voidBefore);
        for (const [id, observed] of before) checkTask(id, observed, record.time);
        for (const id of changes.nodes) {
          checkNode(id);
          if (downBefore.has(id)) lastDownAt.set(id, record.time);
        }
        for (const id of changes.services) checkSlots(id);
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
    const isVerdict =
      event.type === 'service.created' ||
      event.type === 'service.updated' ||
      event.type === 'service.removed';
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

  /** No observed state ever falls, and no second task of a slot starts beside one that may still run. */
  function checkTask(id: string, before: TaskState, now: number): void {
    const task = state.tasks.get(id);
    if (!task || task.observed === before) return;
    if (task.observed < before) throw new Error(`task ${id} fell from ${before} to ${task.observed}`);
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
      else if (live[1]!.cause === 'update' && service.spec.updateConfig.order === 'start-first')
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

function observedStates(state: ClusterState, fact: Fact): Map<string, TaskState> {
  const before = new Map<string, TaskState>();
  if (fact.is !== 'event' || fact.event.type !== 'tasks.reported') return before;
  for (const { id } of fact.event.statuses) {
    const task = state.tasks.get(id);
    if (task) before.set(id, task.observed);
  }
  return before;
}
