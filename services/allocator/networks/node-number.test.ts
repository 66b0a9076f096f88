// Numbers of nodes: given by the allocator, once, to nodes that can be on networks.
import type { Reducer } from '@muster/runtime';
import {
  appendDecision,
  copyThroughSnapshot,
  decideOnce,
  foldAll,
  type History,
  joinReadyNode,
  removeNode,
  settle,
  startHistory,
} from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { createAllocator } from '../allocator.ts';

let history: History;
let allocator: Reducer;
beforeEach(() => {
  history = startHistory({ wire: 2 });
  allocator = createAllocator();
});

const join = (id: string, addr = '192.0.2.1', networks = ['bridge', 'overlay']) =>
  joinReadyNode(history, id, { addr, networks });
const numberOf = (id: string) => history.state.nodes.get(id)?.number;

it('are given once, each another, in one round', () => {
  for (const id of ['a', 'b', 'c']) join(id);
  const events = settle(history, allocator);
  expect(events.map(({ type }) => type)).toEqual(Array(3).fill('node.allocated'));
  expect(['a', 'b', 'c'].map(numberOf)).toEqual([1, 2, 3]);
  join('a', '192.0.2.9');
  expect(settle(history, allocator)).toEqual([]);
});

it('are not for nodes without a driver or an address that others reach', () => {
  joinReadyNode(history, 'a', { addr: '', networks: ['overlay'] });
  joinReadyNode(history, 'b', { networks: ['overlay'] });
  join('c', '192.0.2.1', ['bridge']);
  settle(history, allocator);
  expect(['a', 'b', 'c'].map(numberOf)).toEqual(Array(3).fill(undefined));
});

it('that two allocators give to two nodes stand once: the other node gets another', () => {
  join('a');
  const late = createAllocator();
  join('b');
  const [, second] = decideOnce(history, late);
  history.append({ type: 'node.allocated', cause: 1, nodeId: 'a', number: 2, blocks: [], tasks: [] });
  expect(second?.event).toMatchObject({ nodeId: 'b', number: 2 });
  expect(appendDecision(history, second!)).toBe(true);
  expect([history.state.conflicts, numberOf('a'), numberOf('b')]).toEqual([1, 2, undefined]);
  settle(history, allocator);
  expect(['a', 'b'].map(numberOf)).toEqual([2, 3]);
});

it('stay with a node while it is there, and are free when it was removed', () => {
  for (const id of ['a', 'b']) join(id);
  settle(history, allocator);
  removeNode(history, 'a');
  join('c');
  settle(history, allocator);
  expect([numberOf('b'), numberOf('c')]).toEqual([2, 1]);
});

it('are in a snapshot', () => {
  for (const id of ['a', 'b']) join(id);
  settle(history, allocator);
  const restored = copyThroughSnapshot(foldAll(history.records));
  expect([...restored.tables.networks.nodeIdByNumber]).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
  expect(restored.nodes.get('b')?.number).toBe(2);
});
