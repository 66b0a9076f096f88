import type { Status } from '@muster/api';
import { expect, it } from 'vitest';
import { checkNodes } from './check-nodes.ts';

it('tells of nodes that somebody paused or drained, and finds no fault in it', () => {
  const status = { nodes: { ready: 3 }, unavailable: { pause: 1, drain: 1 } } as Status;
  expect(checkNodes(status, [])).toEqual([
    { level: 'ok', what: 'nodes', says: '3 of 3 ready, 1 paused, 1 drained' },
  ]);
});
