// How far a service is from what its spec says. Pure.
import { countReplicas, isTerminal, nameTaskState, TaskState } from '@muster/model';
import {
  isGlobal,
  isLive,
  isOutdated,
  isOver,
  mayFill,
  type Service,
  type Slot,
  type Task,
} from '@muster/state';
import { describeUpdate, errorOf, viewPlace } from './describe.ts';
import type { Progress } from './views.ts';

const SHOWN_SLOTS = 20;

export function measureProgress(service: Service, shownSlots = SHOWN_SLOTS): Progress {
  const occupied = [...service.slots.values()].filter(isAwaited).sort((a, b) => a.number - b.number);
  const replicas = isGlobal(service) ? service.uncovered.size + occupied.length : countReplicas(service.spec);
  const counts = { running: 0, completed: 0, failed: 0 };
  const errors = new Map<string, number>();
  for (const slot of occupied) {
    const newest = slot.tasks.at(-1);
    if (!newest) continue;
    const fate = fateOf(newest);
    if (fate !== undefined) counts[fate] += 1;
    if (fate === 'running' || fate === 'completed') continue;
    const err = slotError(slot);
    if (err !== '') errors.set(err, (errors.get(err) ?? 0) + 1);
  }
  const [err] = [...errors].sort((a, b) => b[1] - a[1])[0] ?? [];
  return {
    id: service.id,
    name: service.spec.name,
    removed: service.removed,
    replicas: service.removed ? 0 : replicas,
    ...counts,
    stopping: countStopping(service),
    ...(service.unschedulable && { unschedulable: service.unschedulable.message }),
    slots: occupied.slice(0, shownSlots).map(describeSlot),
    ...(err !== undefined && { err }),
    ...findUpdateFailure(service, occupied),
    ...describeUpdate(service),
  };
}

/** Where a global service may have no task now, what is there is as it may stay for long. */
function isAwaited({ occupied, service, node }: Slot): boolean {
  return occupied && (node === undefined || mayFill(service, node));
}

/** What the restart policy made of it since is no matter: Docker's updates end with the first such task as well. */
function findUpdateFailure(
  { version }: Service,
  slots: readonly Slot[],
): Pick<Progress, 'updateFailure'> | undefined {
  for (const slot of slots) {
    const failed = slot.tasks.find(
      (task) => task.cause === 'update' && task.version.seq === version.seq && hasFailed(task),
    );
    if (failed) return { updateFailure: { version: version.seq, ...viewPlaceOf(slot), err: failed.err } };
  }
  return undefined;
}

function hasFailed({ observed }: Task): boolean {
  return observed === TaskState.FAILED || observed === TaskState.REJECTED;
}

/** What became of a slot's newest task; undefined while something is still to happen. */
function fateOf(newest: Task): 'running' | 'completed' | 'failed' | undefined {
  if (isTerminal(newest.observed)) {
    if (isLive(newest) || isOutdated(newest)) return undefined;
    // Nothing will replace it.
    return newest.observed === TaskState.COMPLETE ? 'completed' : 'failed';
  }
  const runs = newest.observed === TaskState.RUNNING && newest.desired === TaskState.RUNNING;
  return runs && newest.node?.status !== 'down' && !isOutdated(newest) ? 'running' : undefined;
}

function describeSlot(slot: Slot): Progress['slots'][number] {
  const newest = slot.tasks.at(-1);
  const hostname = newest?.node?.description.hostname;
  return {
    ...viewPlaceOf(slot),
    state: nameTaskState(newest?.observed ?? TaskState.NEW),
    err: slotError(slot),
    ...(hostname !== undefined && { hostname }),
  };
}

function viewPlaceOf(slot: Slot) {
  return viewPlace(slot, slot.node?.id ?? String(slot.number));
}

/** What is wrong with the slot now: the newest task's error or, until that runs, the error of the one before. */
function slotError(slot: Slot): string {
  const newest = slot.tasks.at(-1);
  if (!newest || newest.observed === TaskState.RUNNING) return '';
  const before = slot.tasks.at(-2);
  return errorOf(newest) || (newest.cause === 'restart' && before ? before.err : '');
}

function countStopping(service: Service): number {
  let stopping = 0;
  for (const task of service.tasks.values()) if (!isLive(task) && !isOver(task)) stopping += 1;
  return stopping;
}
