// A task runs on a backend of the kind that its cluster is for.
import type { Reducer } from '@muster/runtime';
import type { Service } from '@muster/state';
import {
  changeStatus,
  createService,
  createTasks,
  decideOnce,
  type History,
  joinReadyNode,
  settle,
  spreadOf,
  startHistory,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createScheduler } from '../scheduler.ts';

let history: History;
let scheduler: Reducer;
beforeEach(() => {
  history = startHistory();
  scheduler = createScheduler();
});

describe('backends', () => {
  const engine = (backend: string) => ({ engine: { backend, version: '1', labels: {} } });
  const messageOf = (service: Service) => service.unschedulable?.message;

  it('of simulated nodes run everything in a rehearsal, and nothing beside real nodes, not even while those are down', () => {
    joinReadyNode(history, 'sim', engine('simulator'));
    const rehearsed = createService(history, 'rehearsed', { image: 'totally/bogus:9' });
    createTasks(history, rehearsed);
    settle(history, scheduler);
    expect(spreadOf(rehearsed)).toEqual({ sim: 1 });

    joinReadyNode(history, 'real', engine('docker'));
    const web = createService(history, 'web', { image: 'web:1' });
    createTasks(history, web, 6);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ real: 6 });
    changeStatus(history, 'real', 'down');
    createTasks(history, web, 2);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ real: 6 });
    expect(messageOf(web)).toBe(
      'no suitable node (1 node not available for new tasks; backend not for this task on 1 node)',
    );
    changeStatus(history, 'real', 'ready');
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ real: 8 });
  });

  it('get what they are for, and everything where nobody is for it', () => {
    joinReadyNode(history, 'processes', engine('process'));
    const first = createService(history, 'first', { image: 'web:1' });
    createTasks(history, first);
    settle(history, scheduler);
    expect(spreadOf(first)).toEqual({ processes: 1 });
    joinReadyNode(history, 'containers', engine('docker'));
    const [web, script] = ['web:1', 'process'].map((image) =>
      createService(history, image.slice(0, 3), { image }),
    );
    createTasks(history, web!, 4);
    createTasks(history, script!, 4);
    settle(history, scheduler);
    expect(spreadOf(web!)).toEqual({ containers: 4 });
    expect(spreadOf(script!)).toEqual({ processes: 4 });
  });

  it('that a node changes to count from then on', () => {
    joinReadyNode(history, 'one', engine('docker'));
    joinReadyNode(history, 'two', engine('simulator'));
    const web = createService(history, 'web', { placement: ['node.id==two'] });
    createTasks(history, web);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({});
    joinReadyNode(history, 'two', engine('docker'));
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ two: 1 });
  });

  it('are told of in the reason why a node was chosen', () => {
    for (const id of ['real1', 'real2']) joinReadyNode(history, id, engine('docker'));
    joinReadyNode(history, 'sim', { ...engine('simulator'), labels: { zone: 'a' } });
    joinReadyNode(history, 'zoned', { ...engine('docker'), labels: { zone: 'a' } });
    const web = createService(history, 'web', { placement: ['node.labels.zone==a'] });
    createTasks(history, web);
    const [decision] = decideOnce(history, scheduler);
    expect(decision!.event).toMatchObject({
      nodeId: 'zoned',
      why: [
        {
          refused: [
            { filter: 'constraints', nodes: 2 },
            { filter: 'backend', nodes: 1 },
          ],
        },
      ],
    });
  });
});
