// No event is larger than a record may be, whatever a node is given, and all is given in the end.
import { composeEvent } from '@muster/events';
import {
  createService,
  createTasks,
  type History,
  joinReadyNode,
  settle,
  startHistory,
} from '@muster/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScheduler } from './scheduler.ts';

/** As much as a writer may have read. */
const read = { seq: Number.MAX_SAFE_INTEGER, digest: 0xffff_ffff };

function settleWithin(history: History, maxRecordBytes: number): number {
  const events = settle(history, createScheduler({ maxRecordBytes: () => maxRecordBytes }));
  const sizes = events.map((event) => composeEvent(event, history.now, { read }).data.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(maxRecordBytes);
  for (const service of history.state.services.values()) expect(service.pending.size).toBe(0);
  return events.length;
}

describe('what a node is given', () => {
  it('is as much as a record holds, and the rest in the next', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    createTasks(history, createService(history, 'web'), 4_500);
    expect(settleWithin(history, 64 * 1024)).toBe(2);
  });

  it('never exceeds the budget, however many services there are and whatever the nodes are called', () => {
    const services = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 });
    const names = fc.uniqueArray(
      fc.string({ unit: fc.constantFrom('a', '"', '茶'), minLength: 1, maxLength: 40 }),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(
        services,
        names,
        fc.integer({ min: 2_500, max: 20_000 }),
        (replicas, nodeIds, maxRecordBytes) => {
          const history = startHistory();
          for (const nodeId of nodeIds) joinReadyNode(history, nodeId);
          for (const [index, count] of replicas.entries())
            createTasks(history, createService(history, `service${index}`), count);
          settleWithin(history, maxRecordBytes);
        },
      ),
      { numRuns: 60 },
    );
  });
});
