import { TaskState } from '@muster/model';
import { expect, it } from 'vitest';
import { isTransition } from './transitions.ts';

const { NEW, PENDING, ASSIGNED, STARTING, RUNNING, COMPLETE, SHUTDOWN, FAILED, REJECTED, ORPHANED } =
  TaskState;

it.each([
  ['orchestrator', undefined, NEW],
  ['allocator', NEW, PENDING],
  ['scheduler', PENDING, ASSIGNED],
  ['agent', ASSIGNED, RUNNING],
  ['agent', STARTING, FAILED],
  ['agent', STARTING, REJECTED],
  ['agent', RUNNING, COMPLETE],
  ['agent', SHUTDOWN, FAILED],
  ['dispatcher', RUNNING, ORPHANED],
  ['orchestrator', PENDING, ORPHANED],
  ['orchestrator', ORPHANED, undefined],
] as const)('the %s may make it go from %s to %s', (writer, from, to) => {
  expect(isTransition(writer, from, to)).toBe(true);
});

it.each([
  ['agent', PENDING, RUNNING, 'nobody gave it to the node'],
  ['agent', RUNNING, STARTING, 'it falls'],
  ['agent', COMPLETE, FAILED, 'it has ended'],
  ['agent', RUNNING, ORPHANED, 'nobody is his own orphan'],
  ['agent', RUNNING, REJECTED, 'it ran'],
  ['scheduler', NEW, ASSIGNED, 'its ports are not allocated'],
  ['orchestrator', COMPLETE, ORPHANED, 'it has ended'],
  ['orchestrator', RUNNING, undefined, 'it runs'],
  ['dispatcher', PENDING, ORPHANED, 'it is on no node'],
] as const)('the %s may not make it go from %s to %s: %s', (writer, from, to, _why) => {
  expect(isTransition(writer, from, to)).toBe(false);
});
