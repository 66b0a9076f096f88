// A reconcile decision while it is being composed: what is to be created, desired and forgotten, and why.
import type { CreatedTask, EventDraft } from '@muster/events';
import { type DesiredStateName, deriveTaskId } from '@muster/model';
import type { Service, Task } from '@muster/state';

/** What one event lists at most: it stays below NATS' default limit of 1 MB. */
export const MAX_TASKS_PER_EVENT = 8_000;

export interface Plan {
  readonly service: Service;
  readonly now: number;
  readonly created: CreatedTask[];
  readonly desired: Map<string, DesiredStateName>;
  readonly reaped: string[];
  readonly why: string[];
  /** Tasks whose own sentence there was no room for. */
  untold: number;
  /** The latest sequence that this decision answers. */
  cause: number;
  /** When to look again, ms since the epoch. */
  wakeAt: number | undefined;
  /** Slots that already get something in this decision. */
  readonly touched: Set<number>;
}

export function startPlan(service: Service, now: number): Plan {
  return {
    service,
    now,
    created: [],
    desired: new Map(),
    reaped: [],
    why: [],
    untold: 0,
    cause: 0,
    wakeAt: undefined,
    touched: new Set(),
  };
}

/** A lost node may mean thousands of sentences, and each may quote an engine: the event has to fit into the log. */
const MAX_SENTENCES = 100;
const MAX_SENTENCE_LENGTH = 300;

/** A reason that is about one task. */
export function explainTask(plan: Plan, sentence: string): void {
  if (plan.why.length >= MAX_SENTENCES) plan.untold += 1;
  else if (sentence.length <= MAX_SENTENCE_LENGTH) plan.why.push(sentence);
  else plan.why.push(`${sentence.slice(0, MAX_SENTENCE_LENGTH)}…`);
}

export function hasRoom(plan: Plan): boolean {
  return plan.created.length + plan.desired.size + plan.reaped.length < MAX_TASKS_PER_EVENT;
}

export function wakePlanAt(plan: Plan, time: number): void {
  if (plan.wakeAt === undefined || time < plan.wakeAt) plan.wakeAt = time;
}

export function desire(plan: Plan, task: Task, state: DesiredStateName, cause: number): void {
  plan.desired.set(task.id, state);
  plan.touched.add(task.slot.number);
  plan.cause = Math.max(plan.cause, cause);
}

export function createTaskIn(
  plan: Plan,
  slot: number,
  task: Omit<CreatedTask, 'id' | 'slot' | 'generation'>,
  cause: number,
): void {
  const generation = (plan.service.slots.get(slot)?.generation ?? 0) + 1;
  plan.created.push({ id: deriveTaskId(plan.service.id, slot, generation), slot, generation, ...task });
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
    created: created.map(dropDefaults),
    desired: [...desired].map(([id, state]) => ({ id, state })),
    reaped,
    why,
  };
}

/** A thousand new tasks should cost little more than their ids. */
function dropDefaults({ id, slot, generation, desired, ...rest }: CreatedTask) {
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
