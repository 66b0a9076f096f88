import { type ClusterState, createState } from '@muster/state';
import { VirtualClock } from '@muster/testing';
import { expect, it } from 'vitest';
import { noticeEverything, TASKS_PER_TURN } from './notice-everything.ts';
import type { Noticed, Reducer } from './reducer.ts';

const ids = Array.from({ length: 2 * TASKS_PER_TURN + 10 }, (_, index) => `task${index}`);
const state = { ...createState(), tasks: new Map(ids.map((id) => [id, id])) } as unknown as ClusterState;

function start(look: (changes: Noticed) => void) {
  const clock = new VirtualClock();
  const reducer: Reducer = {
    name: 'scheduler',
    notice: (_state, changes) => look(changes),
    decide: () => [],
    nextWake: () => undefined,
  };
  return { clock, ...noticeEverything(reducer, state, clock) };
}

it('tells of all tasks, in portions', async () => {
  const portions: string[][] = [];
  const { clock } = start(({ tasks }) => portions.push([...tasks]));
  expect(portions).toHaveLength(1);
  await clock.advance(10);
  expect(portions.map(({ length }) => length)).toEqual([TASKS_PER_TURN, TASKS_PER_TURN, 10]);
  expect(portions.flat()).toEqual(ids);
});

it('asks no further of those who do not look', () => {
  expect(start(() => undefined).clock.pending).toBe(0);
});

it('tells nothing after it was stopped', async () => {
  let told = 0;
  const { clock, stop } = start(({ tasks }) => {
    told += [...tasks].length;
  });
  stop();
  await clock.advance(10);
  expect(told).toBe(TASKS_PER_TURN);
});
