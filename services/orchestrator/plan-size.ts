// How many bytes each thing that a plan lists takes in its event. Ids are derived (model/ids.ts): characters of one byte
// that need no escape.
import { type EventInput, sizeOfNumber, sizeOfText } from '@muster/events';
import type { DesiredStateName } from '@muster/model';

export type NewTask = NonNullable<
  Extract<EventInput, { readonly type: 'service.reconciled' }>['created']
>[number];

/** As JSON.stringify writes it, with a comma. */
export function sizeOfCreated(task: NewTask): number {
  const { id, slot, generation, desired, startAt, replaces, cause, node } = task;
  let size = NAMES.created + id.length + sizeOfNumber(slot);
  if (generation !== undefined) size += NAMES.generation + sizeOfNumber(generation);
  if (desired !== undefined) size += NAMES.desired + desired.length;
  if (startAt !== undefined) size += NAMES.startAt + String(startAt).length;
  if (replaces !== undefined) size += NAMES.replaces + replaces.length;
  if (cause !== undefined) size += NAMES.cause + cause.length;
  return size + sizeOfNode(node);
}

/** Agents choose the ids of nodes. */
export function sizeOfNode(id: string | undefined): number {
  return id === undefined ? 0 : NAMES.node + sizeOfText(id);
}

export function sizeOfDesired(id: string, state: DesiredStateName): number {
  return NAMES.wanted + id.length + state.length;
}

export function sizeOfId(id: string): number {
  return NAMES.id + id.length;
}

/** What is there beside the values. */
const NAMES = {
  created: '{"id":"","slot":},'.length,
  generation: ',"generation":'.length,
  desired: ',"desired":""'.length,
  startAt: ',"startAt":'.length,
  replaces: ',"replaces":""'.length,
  cause: ',"cause":""'.length,
  node: ',"node":'.length,
  wanted: '{"id":"","state":""},'.length,
  id: '"",'.length,
};

const longestId = 'x'.repeat(25);

export const LARGEST_CREATED = sizeOfCreated({
  id: longestId,
  slot: 10_000_000,
  generation: Number.MAX_SAFE_INTEGER,
  desired: 'running',
  startAt: -Number.MAX_VALUE,
  replaces: longestId,
  cause: 'restart',
});

export const LARGEST_DESIRED = sizeOfDesired(longestId, 'complete');
