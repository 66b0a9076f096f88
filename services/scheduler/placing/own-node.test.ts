import type { EventOf } from '@muster/events';
import type { Reducer } from '@muster/runtime';
import type { Service } from '@muster/state';
import {
  assign,
  changeStatus,
  coverNodes,
  createService,
  createTasks,
  type History,
  joinReadyNode,
  replaceTasks,
  report,
  settle,
  spreadOf,
  startHistory,
} from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { createScheduler } from '../scheduler.ts';

const CPUS = 4;

let history: History;
let scheduler: Reducer;
beforeEach(() => {
  history = startHistory({ wire: 2 });
  scheduler = createScheduler();
});

function given(nodes: readonly string[], body: Record<string, unknown> = {}): Service {
  for (const name of nodes) joinReadyNode(history, name);
  const service = createService(history, 'log', { mode: 'global', ...body });
  coverNodes(history, service);
  return service;
}

const reserve = (cpus: number) => ({ resources: { reservations: { cpus } } });

/** A task that takes all of the node. Returns its id. */
function fill(nodeId: string): string {
  const big = createService(history, `big${history.state.head}`, {
    ...reserve(CPUS),
    placement: [`node.id==${nodeId}`],
  });
  const [id] = createTasks(history, big);
  assign(history, nodeId, id!);
  return id!;
}

it('gives each task to its own node, wherever there is more room, and says what that had', () => {
  const service = given(['n1', 'n2'], reserve(1));
  const events = settle(history, scheduler);
  expect(spreadOf(service)).toEqual({ n1: 1, n2: 1 });
  expect(events).toMatchObject([
    { nodeId: 'n1', why: [{ considered: 1, refused: [], serviceTasks: 0, totalTasks: 0 }] },
    { nodeId: 'n2', why: [{ considered: 1, refused: [], serviceTasks: 0, totalTasks: 0 }] },
  ]);
});

it('leaves a task pending whose node has no room, in words of that node, until it has', () => {
  for (const name of ['n1', 'n2', 'n3']) joinReadyNode(history, name);
  const [first, second] = [fill('n1'), fill('n2')];
  const service = given([], reserve(1));
  settle(history, scheduler);
  history.wait(2000);
  settle(history, scheduler);
  expect(spreadOf(service)).toEqual({ n3: 1 });
  expect(service.unschedulable?.message).toBe('insufficient resources on 2 nodes');
  report(history, 'n2', { id: second, state: 'failed' });
  settle(history, scheduler);
  history.wait(2000);
  settle(history, scheduler);
  expect(spreadOf(service)).toEqual({ n2: 1, n3: 1 });
  expect(service.unschedulable?.message).toBe('insufficient resources on 1 node');
  report(history, 'n1', { id: first, state: 'failed' });
  settle(history, scheduler);
  expect(spreadOf(service)).toEqual({ n1: 1, n2: 1, n3: 1 });
  expect(service.unschedulable).toBeUndefined();
});

it('waits for a node that is not heard of, and no other that comes wakes it', () => {
  joinReadyNode(history, 'n1');
  changeStatus(history, 'n1', 'suspect');
  const service = given([]);
  settle(history, scheduler);
  expect(service.unschedulable?.message).toBe('1 node not available for new tasks');
  joinReadyNode(history, 'n2');
  expect(settle(history, scheduler)).toEqual([]);
  changeStatus(history, 'n1', 'ready');
  settle(history, scheduler);
  expect(spreadOf(service)).toEqual({ n1: 1 });
});

it('lets tasks that wait for their nodes stand in nobody’s way, however many', () => {
  const away = Array.from({ length: 20 }, (_, index) => `away${index}`);
  for (const name of away) {
    joinReadyNode(history, name);
    changeStatus(history, name, 'suspect');
  }
  scheduler = createScheduler({ share: 4, tasks: 8 });
  const service = given(['n1', 'n2']);
  settle(history, scheduler);
  expect(spreadOf(service)).toEqual({ n1: 1, n2: 1 });
});

it('goes by the most tasks that a node may have of the service, as for any other', () => {
  const service = given(['n1'], { placement: { maxReplicas: 1 }, update: { order: 'start-first' } });
  settle(history, scheduler);
  const before = [...service.tasks.keys()];
  replaceTasks(history, service, [1]);
  settle(history, scheduler);
  expect(spreadOf(service)).toEqual({ n1: 1 });
  expect(service.unschedulable?.message).toBe('max replicas per node limit exceed');
  report(history, 'n1', { id: before[0]!, state: 'failed' });
  history.append({
    type: 'service.reconciled',
    cause: history.state.head,
    serviceId: service.id,
    specVersion: service.version.seq,
    desired: [{ id: before[0]!, state: 'shutdown' }],
    why: [],
  });
  const events = settle(history, scheduler) as EventOf<'tasks.assigned'>[];
  expect(events.map(({ tasks }) => tasks?.length)).toContain(1);
  expect(service.pending.size).toBe(0);
});
