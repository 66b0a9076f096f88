// A reconcile decision while it is being composed: what is to be created, desired and forgotten, and why.
import { type CreatedTask, ENVELOPE_BYTES, type EventDraft, fitText, sizeOfText } from '@muster/events';
import { type DesiredStateName, deriveTaskId } from '@muster/model';
import type { ClusterNode, ClusterState, Service, Task } from '@muster/state';
import {
  LARGEST_CREATED,
  LARGEST_DESIRED,
  type NewTask,
  sizeOfCreated,
  sizeOfDesired,
  sizeOfId,
  sizeOfNode,
} from './plan-size.ts';

/** What one event lists at most, however much a record may hold: folding it must not hold up anything else. */
export const MAX_TASKS_PER_EVENT = 8_000;

/** What of the cluster a decision about a service may go by beside the service, its tasks and their nodes. */
export type ClusterView = Readonly<Pick<ClusterState, 'wireVersion'>> & {
  readonly nodes: { readonly size: number };
};

export interface Plan {
  readonly cluster: ClusterView;
  readonly service: Service;
  readonly now: number;
  /** Room for lists, and how much of it is taken. */
  readonly maxBytes: number;
  bytes: number;
  readonly created: NewTask[];
  readonly desired: Map<string, DesiredStateName>;
  readonly reaped: string[];
  readonly why: string[];
  /** Of sentences about single tasks. */
  whyBytes: number;
  /** Tasks whose own sentence there was no room for. */
  untold: number;
  /** The latest sequence that this decision answers. */
  cause: number;
  /** When to look again, ms since the epoch. */
  wakeAt: number | undefined;
  /** Slots that already get something in this decision. */
  readonly touched: Set<number>;
}

/** Sentences about the whole decision: few, and all of them short. */
const SUMMARY_BYTES = 1024;

/** `maxRecordBytes`: of the event. */
export function startPlan(cluster: ClusterView, service: Service, now: number, maxRecordBytes: number): Plan {
  return {
    cluster,
    service,
    now,
    maxBytes: maxRecordBytes - ENVELOPE_BYTES - SUMMARY_BYTES,
    bytes: 0,
    created: [],
    desired: new Map(),
    reaped: [],
    why: [],
    whyBytes: 0,
    untold: 0,
    cause: 0,
    wakeAt: undefined,
    touched: new Set(),
  };
}

/** A lost node may mean thousands of sentences, and each may quote an engine: they leave the most room to the tasks. */
const MAX_SENTENCES = 100;
const MAX_SENTENCE_BYTES = 400;
const SHARE_OF_SENTENCES = 0.25;

/** A reason that is about one task. */
export function explainTask(plan: Plan, sentence: string): void {
  const most = Math.min(plan.maxBytes * SHARE_OF_SENTENCES - plan.whyBytes, plan.maxBytes - plan.bytes);
  if (plan.why.length >= MAX_SENTENCES || most <= MAX_SENTENCE_BYTES) {
    plan.untold += 1;
    return;
  }
  const fitted = fitText(sentence, MAX_SENTENCE_BYTES);
  const bytes = sizeOfText(fitted) + 1;
  plan.why.push(fitted);
  plan.whyBytes += bytes;
  plan.bytes += bytes;
}

/**
 * Whether a task can be created that takes the place of so many others: these are one step, and never decided in two
 * events. A single step that no record could hold is tried all the same, and the log says that it is too large. `node`: whose
 * place it is.
 */
export function hasRoom(plan: Plan, replaced = 1, node?: ClusterNode): boolean {
  const listed = plan.created.length + plan.desired.size + plan.reaped.length;
  if (listed === 0) return true;
  const bytes = LARGEST_CREATED + sizeOfNode(node?.id) + replaced * LARGEST_DESIRED;
  return listed < MAX_TASKS_PER_EVENT && plan.bytes + bytes <= plan.maxBytes;
}

export function wakePlanAt(plan: Plan, time: number): void {
  if (plan.wakeAt === undefined || time < plan.wakeAt) plan.wakeAt = time;
}

export function desire(plan: Plan, task: Task, state: DesiredStateName, cause: number): void {
  plan.desired.set(task.id, state);
  plan.bytes += sizeOfDesired(task.id, state);
  plan.touched.add(task.slot.number);
  plan.cause = Math.max(plan.cause, cause);
}

export function forget(plan: Plan, task: Task, cause: number): void {
  plan.reaped.push(task.id);
  plan.bytes += sizeOfId(task.id);
  plan.cause = Math.max(plan.cause, cause);
}

export function createTaskIn(
  plan: Plan,
  slot: number,
  task: Omit<CreatedTask, 'id' | 'slot' | 'generation'>,
  cause: number,
): void {
  const known = plan.service.slots.get(slot);
  const generation = (known?.generation ?? 0) + 1;
  const created = dropDefaults({
    id: deriveTaskId(plan.service.id, slot, generation),
    slot,
    generation,
    ...(known?.node && { node: known.node.id }),
    ...task,
  });
  plan.created.push(created);
  plan.bytes += sizeOfCreated(created);
  plan.touched.add(slot);
  plan.cause = Math.max(plan.cause, cause);
}

/** The event, or undefined when there is nothing to say. */
export function concludePlan(plan: Plan): EventDraft | undefined {
  const { service, created, desired, reaped, cause, untold } = plan;
  const why = untold === 0 ? plan.why : [...plan.why, `and the same with ${untold} more`];
  if (created.length === 0 && desired.size === 0 && reaped.length === 0) return undefined;
  return {
    type: 'service.reconciled',
    cause,
    serviceId: service.id,
    specVersion: service.version.seq,
    created,
    desired: [...desired].map(([id, state]) => ({ id, state })),
    reaped,
    why,
  };
}

/** A thousand new tasks should cost little more than their ids. */
function dropDefaults({ id, slot, generation, desired, ...rest }: CreatedTask): NewTask {
  return {
    id,
    slot,
    ...(generation > 1 && { generation }),
    ...(desired !== 'running' && { desired }),
    ...rest,
  };
}

export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
