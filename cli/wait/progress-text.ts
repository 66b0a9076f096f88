// Progress in Docker's words and bars. Pure.
import { type Progress, placeOf, shortenId } from '@muster/api';
import { parseTaskState, TaskState, type TaskStateName } from '@muster/model';

/** With more tasks than this only the sum is shown. */
const MAX_BARS = 20;
const BAR_LENGTH = 50;

/** Steps on the way to running, as Docker counts them. */
const ladder: readonly TaskState[] = [
  TaskState.NEW,
  TaskState.PENDING,
  TaskState.ASSIGNED,
  TaskState.ACCEPTED,
  TaskState.PREPARING,
  TaskState.READY,
  TaskState.STARTING,
  TaskState.RUNNING,
];

export function overallLine(
  { replicas, running, stopping, updateStatus }: Progress,
  removing: boolean,
): string {
  if (removing) return `overall progress: ${stopping} ${stopping === 1 ? 'task' : 'tasks'} still running`;
  const back = isGoingBack(updateStatus) ? 'rolling back update: ' : '';
  return `overall progress: ${back}${running} out of ${replicas} tasks`;
}

/** That it goes back, and why, or that it has. */
export function rollbackLine({ updateStatus }: Progress): string | undefined {
  if (!updateStatus || !isGoingBack(updateStatus) || updateStatus.message === '') return undefined;
  return `rollback: ${updateStatus.message}`;
}

function isGoingBack(status: Progress['updateStatus']): boolean {
  return status?.state === 'rollback_started' || status?.state === 'rollback_completed';
}

export function taskLines({ replicas, slots }: Progress): string[] {
  if (replicas > MAX_BARS) return [];
  const width = String(replicas).length;
  return slots.map(({ state, err, place }, index) => {
    const which = place === undefined ? `${String(index + 1).padStart(width)}/${replicas}` : shortenId(place);
    return `${which}: ${err === '' ? `${state.padEnd(9)} ${bar(state)}` : oneLine(err)}`;
  });
}

function bar(name: TaskStateName): string {
  const step = ladder.indexOf(parseTaskState(name)!);
  if (step === -1) return '';
  const length = Math.round((BAR_LENGTH * (step + 1)) / ladder.length);
  return `[${'='.repeat(Math.max(0, length - 1))}>${' '.repeat(BAR_LENGTH - length)}]`;
}

/** What is wrong, in one line for each thing. */
export function troubleLines({ name, slots, err, unschedulable }: Progress): string[] {
  const lines = new Set<string>();
  for (const slot of slots) if (slot.err !== '') lines.add(`${name}.${placeOf(slot)}: ${oneLine(slot.err)}`);
  if (lines.size === 0 && err !== undefined) lines.add(`${name}: ${oneLine(err)}`);
  if (lines.size === 0 && unschedulable !== undefined) lines.add(`${name}: ${oneLine(unschedulable)}`);
  return [...lines];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
