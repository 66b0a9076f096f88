// Tasks that have to leave their node: what is decided, and in what words.
import { TaskState } from '@muster/model';
import type { Task } from '@muster/state';
import {
  assign,
  changeStatus,
  createService,
  createTasks,
  type History,
  joinReadyNode,
  removeNode,
  report,
  serviceNamed,
  settle,
  startHistory,
  tasksOf,
  updateNode,
  updateService,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOrchestrator } from './orchestrator.ts';
import { reconcile } from './reconcile.ts';

let history: History;

beforeEach(() => {
  history = startHistory({ wire: 2 });
});

/** A service whose tasks run on these nodes, one each and in this order. */
function given(body: Record<string, unknown>, ...nodes: readonly string[]): Task[] {
  for (const id of nodes) if (!history.state.nodes.has(id)) joinReadyNode(history, id);
  const service = createService(history, 'web', { replicas: nodes.length, ...body });
  const ids = createTasks(history, service, nodes.length);
  for (const [index, node] of nodes.entries()) {
    assign(history, node, ids[index]!);
    report(history, node, { id: ids[index]!, state: 'running' });
  }
  return tasksOf(service);
}

/** Its engine has other resources than before. */
function describeAnew(nodeId: string, resources: { nanoCpus: number; memoryBytes: number }): void {
  const { session, description } = history.state.nodes.get(nodeId)!;
  const changed = { ...description, resources };
  history.append({ type: 'node.joined', cause: 0, nodeId, session, description: changed });
}

function decide() {
  const { event } = reconcile(history.state, serviceNamed(history.state, 'web'), history.now, 1_000_000);
  return event?.type === 'service.reconciled' ? event : undefined;
}

describe('a node that is drained', () => {
  it('loses its tasks, whose successors wait for no delay, only for them to stop', () => {
    const [first, second] = given({ restart: { delay: '20s' } }, 'n1', 'n2');
    const cause = updateNode(history, 'n2', { availability: 'drain' });
    expect(decide()).toMatchObject({
      cause,
      desired: [{ id: second!.id, state: 'shutdown' }],
      created: [{ slot: 2, generation: 2, desired: 'ready', replaces: second!.id, cause: 'restart' }],
      why: ['web.2 is on node n2 that is drained; replaced'],
    });
    const orchestrator = createOrchestrator();
    settle(history, orchestrator);
    report(history, 'n2', { id: second!.id, state: 'shutdown' });
    settle(history, orchestrator);
    expect(tasksOf(first!.service).at(-1)).toMatchObject({ desired: TaskState.RUNNING, startAt: 0 });
  });

  it('loses what is on its way there as well', () => {
    joinReadyNode(history, 'n1');
    const service = createService(history, 'web');
    const [id] = createTasks(history, service);
    assign(history, 'n1', id!);
    updateNode(history, 'n1', { availability: 'drain' });
    expect(decide()?.desired).toEqual([{ id, state: 'shutdown' }]);
  });

  it('does not cut short what a failure before has to wait', () => {
    const [task] = given({ restart: { delay: '60s' } }, 'n1');
    report(history, 'n1', { id: task!.id, state: 'failed' });
    const orchestrator = createOrchestrator();
    settle(history, orchestrator);
    const waiting = tasksOf(task!.service).at(-1)!;
    assign(history, 'n1', waiting.id);
    updateNode(history, 'n1', { availability: 'drain' });
    expect(decide()?.created).toMatchObject([{ desired: 'ready', startAt: waiting.startAt }]);
  });

  it('stops what may not be restarted, with nothing in its place', () => {
    const [task] = given({ restart: 'none' }, 'n1');
    updateNode(history, 'n1', { availability: 'drain' });
    expect(decide()).toMatchObject({
      desired: [{ id: task!.id, state: 'shutdown' }],
      created: [],
      why: ['web.1 is on node n1 that is drained; its restart policy asks for no other'],
    });
  });

  it('keeps what has ended, and is to stay so', () => {
    const [task] = given({ restart: 'on-failure' }, 'n1');
    report(history, 'n1', { id: task!.id, state: 'complete' });
    settle(history, createOrchestrator());
    updateNode(history, 'n1', { availability: 'drain' });
    expect(decide()).toBeUndefined();
  });

  it('gets nothing back by being active again', () => {
    given({}, 'n1', 'n2');
    const orchestrator = createOrchestrator();
    updateNode(history, 'n1', { availability: 'drain' });
    settle(history, orchestrator);
    updateNode(history, 'n1', { availability: 'active' });
    expect(decide()).toBeUndefined();
  });
});

/** The rows of constraint-enforcer.json, by the name of each. */
describe("SwarmKit's constraint enforcer", () => {
  it('task constraint node.role==manager on a worker at start', () => {
    const [task] = given({ placement: ['node.role==manager'] }, 'n1');
    expect(decide()).toMatchObject({
      desired: [{ id: task!.id, state: 'shutdown' }],
      why: ['web.1 is on node n1 that no longer meets its constraints; replaced after 5 s'],
    });
  });

  it('task without constraints', () => {
    given({}, 'n1');
    updateNode(history, 'n1', { role: 'manager', labels: { foo: 'bar' } });
    expect(decide()).toBeUndefined();
  });

  it('task constraint node.role==worker; node becomes manager', () => {
    const [task] = given({ placement: ['node.role==worker'] }, 'n1');
    expect(decide()).toBeUndefined();
    updateNode(history, 'n1', { role: 'manager' });
    expect(decide()?.desired).toEqual([{ id: task!.id, state: 'shutdown' }]);
  });

  it('service (not task) spec carries node.labels.foo==bar; label removed from node', () => {
    joinReadyNode(history, 'n1');
    updateNode(history, 'n1', { labels: { foo: 'bar' } });
    const [task] = given({}, 'n1');
    updateService(history, task!.service, { replicas: 1, placement: ['node.labels.foo==bar'] });
    expect(decide(), 'the node meets the new constraints').toBeUndefined();
    updateNode(history, 'n1', { labels: {} });
    expect(decide()).toMatchObject({ desired: [{ id: task!.id, state: 'shutdown' }] });
  });

  it('node memory falls from 1e9 to 5e8, task reserves 9e8', () => {
    joinReadyNode(history, 'n1', { resources: { nanoCpus: 4e9, memoryBytes: 1e9 } });
    const [task] = given({ resources: { reservations: { memory: 9e8 } } }, 'n1');
    describeAnew('n1', { nanoCpus: 4e9, memoryBytes: 5e8 });
    expect(decide()).toMatchObject({
      desired: [{ id: task!.id, state: 'shutdown' }],
      why: ['web.1 is on node n1 that has no room for it any more; replaced after 5 s'],
    });
  });

  it('keeps as many as there is room for, those that came first, and nothing counts that has ended', () => {
    joinReadyNode(history, 'n1', { resources: { nanoCpus: 4e9, memoryBytes: 1e9 } });
    const reserve = { resources: { reservations: { cpus: 1 } } };
    const [first] = given(reserve, 'n1', 'n1', 'n1', 'n1');
    report(history, 'n1', { id: first!.id, state: 'complete' });
    describeAnew('n1', { nanoCpus: 2e9, memoryBytes: 1e9 });
    const [fourth] = tasksOf(first!.service).slice(3);
    expect(
      decide()
        ?.desired?.map(({ id }) => id)
        .sort(),
    ).toEqual([first!.id, fourth!.id].sort());
    describeAnew('n1', { nanoCpus: 4e9, memoryBytes: 1e9 });
    expect(decide()?.desired).toEqual([{ id: first!.id, state: 'shutdown' }]);
  });

  it('node availability drain: shut down by the orchestrator', () => {
    const [task] = given({ placement: ['node.labels.foo!=bar'] }, 'n1');
    updateNode(history, 'n1', { availability: 'drain', labels: { foo: 'bar' } });
    expect(decide()?.why).toEqual(['web.1 is on node n1 that is drained; replaced']);
    expect(task!.node!.id).toBe('n1');
  });

  it('node paused: it keeps what it has', () => {
    given({ placement: ['node.labels.foo!=bar'] }, 'n1');
    updateNode(history, 'n1', { availability: 'pause', labels: { foo: 'bar' } });
    expect(decide()).toBeUndefined();
    updateNode(history, 'n1', { availability: 'active' });
    expect(decide()).toMatchObject({ why: [expect.stringContaining('no longer meets its constraints')] });
  });
});

describe('a node that is removed', () => {
  it('leaves tasks that are replaced, without waiting for them to stop', () => {
    const [task] = given({ restart: { delay: 0 } }, 'n1', 'n2');
    removeNode(history, 'n1');
    expect(task!.observed).toBe(TaskState.ORPHANED);
    expect(decide()).toMatchObject({
      desired: [{ id: task!.id, state: 'shutdown' }],
      created: [{ slot: 1, replaces: task!.id }],
      why: ['web.1 was on node n1 that is removed; replaced'],
    });
  });

  it('is forgotten with the last of them', () => {
    const { service } = given({ restart: { delay: 0 } }, 'n1')[0]!;
    const { id } = service;
    const orchestrator = createOrchestrator();
    removeNode(history, 'n1');
    expect(history.state.removedNodes.has('n1')).toBe(true);
    history.intend('remove', 'web', undefined);
    settle(history, orchestrator);
    history.wait(10_000);
    settle(history, orchestrator);
    expect(history.state.services.has(id)).toBe(false);
    expect(history.state.removedNodes.size).toBe(0);
  });
});

it('a node that is down loses its tasks after the delay of their restart policy', () => {
  given({}, 'n1');
  changeStatus(history, 'n1', 'down');
  expect(decide()?.why).toEqual(['web.1 is on node n1 that is down; replaced after 5 s']);
});
