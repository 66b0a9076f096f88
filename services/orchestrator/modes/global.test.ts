import { composeEvent, type EventOf, encodeJson, intentSubject } from '@muster/events';
import { type NodeSpec, nameTaskState, TaskState } from '@muster/model';
import { countWanted, isLive, nameSlot, type Service, type Task } from '@muster/state';
import {
  assign,
  changeStatus,
  createService,
  describeNode,
  type History,
  joinReadyNode,
  removeService,
  report,
  startHistory,
  tasksOf,
  updateService,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { needsReconciling, reconcile } from '../reconcile.ts';

const MIB = 1024 ** 2;
/** As much as a writer may have read. */
const read = { seq: Number.MAX_SAFE_INTEGER, digest: 0xffff_ffff };

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
});

/** Decides about the service until there is nothing left to decide, and gives why. */
function settle(service: Service, maxRecordBytes = MIB): string[] {
  const why: string[] = [];
  while (needsReconciling(service)) {
    const { event } = reconcile(history.state, service, history.now, maxRecordBytes);
    if (!event) break;
    const { data } = composeEvent(event, history.now, { read, wire: 2 });
    expect(data.length).toBeLessThanOrEqual(maxRecordBytes);
    history.append(event);
    why.push(...((event as EventOf<'service.reconciled'>).why ?? []));
  }
  return why;
}

function given(body: Record<string, unknown> = {}, nodes: readonly string[] = ['n1', 'n2', 'n3']): Service {
  for (const name of nodes) joinReadyNode(history, name);
  return createService(history, 'log', { mode: 'global', restart: { delay: 0 }, ...body });
}

/** As a scheduler would, and their nodes: every pending task runs. */
function run(service: Service): void {
  for (const task of [...service.pending]) {
    const { id, slot } = task;
    assign(history, slot.node!.id, id);
    report(history, slot.node!.id, { id, state: 'running' });
  }
}

function runEverywhere(body: Record<string, unknown> = {}, nodes?: readonly string[]): Service {
  const service = given(body, nodes);
  settle(service);
  run(service);
  return service;
}

function want(nodeId: string, spec: Partial<NodeSpec>): void {
  const cause = history.record(intentSubject('ana', 'node', 'update', nodeId), encodeJson(spec));
  const before = history.state.nodes.get(nodeId)!.spec;
  history.append({ type: 'node.updated', cause, actor: 'ana', nodeId, spec: { ...before, ...spec } });
}

function removeNode(nodeId: string): void {
  const cause = history.record(intentSubject('ana', 'node', 'remove', nodeId), encodeJson({}));
  history.append({ type: 'node.removed', cause, actor: 'ana', nodeId });
}

const on = (service: Service, nodeId: string): Task =>
  tasksOf(service).findLast(({ slot }) => slot.node?.id === nodeId)!;

/** By node: what its newest task is to be, and what was seen of it. */
function standing(service: Service): Record<string, string> {
  return Object.fromEntries(
    [...history.state.nodes.keys()].map((id) => {
      const task = on(service, id);
      return [id, task ? `${nameTaskState(task.desired)}, ${nameTaskState(task.observed)}` : 'none'];
    }),
  );
}

const end = (task: Task, state: 'failed' | 'complete' | 'shutdown' = 'failed') =>
  report(history, task.node!.id, { id: task.id, state });

describe('the places of a global service', () => {
  it('are the nodes that there are, by one event', () => {
    const service = given();
    expect(settle(service)).toEqual(['3 nodes of 3 nodes without a task: 3 tasks created']);
    expect(standing(service)).toEqual({
      n1: 'running, pending',
      n2: 'running, pending',
      n3: 'running, pending',
    });
    expect(tasksOf(service).map(({ slot }) => slot.number)).toEqual([1, 2, 3]);
    expect(countWanted(service)).toBe(3);
    expect(needsReconciling(service)).toBe(false);
  });

  it('are those too that join later, whether they are heard of yet or not', () => {
    const service = runEverywhere({}, ['n1']);
    history.append({
      type: 'node.joined',
      cause: 0,
      nodeId: 'n2',
      session: 's',
      description: describeNode('n2'),
    });
    expect(settle(service)).toEqual(['1 node of 2 nodes without a task: 1 task created']);
    expect(standing(service)).toEqual({ n1: 'running, running', n2: 'running, pending' });
  });

  it('are none that are down, paused or drained, that the constraints refuse, or of another backend', () => {
    for (const name of ['down', 'paused', 'drained', 'elsewhere', 'simulated', 'good']) {
      const backend = name === 'simulated' ? 'simulator' : 'docker';
      joinReadyNode(history, name, {
        labels: { zone: name === 'elsewhere' ? 'b' : 'a' },
        engine: { backend, version: '1', labels: {} },
      });
    }
    changeStatus(history, 'down', 'down');
    want('paused', { availability: 'pause' });
    want('drained', { availability: 'drain' });
    const service = given({ placement: ['node.labels.zone==a'] }, []);
    settle(service);
    expect(standing(service)).toMatchObject({ good: 'running, pending' });
    expect(service.tasks.size).toBe(1);
    expect(countWanted(service)).toBe(1);
    changeStatus(history, 'down', 'ready');
    want('paused', { availability: 'active' });
    want('drained', { availability: 'active' });
    want('elsewhere', { labels: { zone: 'a' } });
    settle(service);
    expect(countWanted(service)).toBe(5);
    expect(standing(service)).toMatchObject({ simulated: 'none', elsewhere: 'running, pending' });
  });

  it('are simulated nodes until the first real one joins', () => {
    const service = runEverywhere({}, ['n1']);
    joinReadyNode(history, 'real', { engine: { backend: 'docker', version: '1', labels: {} } });
    joinReadyNode(history, 'n2');
    settle(service);
    // What is simulated stays where it is until it ends.
    expect(standing(service)).toEqual({ n1: 'running, running', real: 'running, pending', n2: 'none' });
    expect(countWanted(service)).toBe(2);
    end(on(service, 'n1'));
    settle(service);
    expect(standing(service)).toMatchObject({ n1: 'running, failed' });
    expect(countWanted(service)).toBe(1);
  });

  it('are decided in several events where one record does not hold them', () => {
    const names = Array.from({ length: 300 }, (_, index) => `n${index}-${'é'.repeat(40)}`);
    const service = given({}, names);
    expect(settle(service, 8 * 1024).length).toBeGreaterThan(3);
    expect(service.places.size).toBe(300);
    expect(new Set(tasksOf(service).map(({ slot }) => slot.number)).size).toBe(300);
  });

  it('go with the service', () => {
    const service = runEverywhere();
    removeService(history, service);
    removeNode('n1');
    for (const task of tasksOf(service)) if (task.node!.id !== 'n1') end(task, 'shutdown');
    history.wait(1000);
    settle(service);
    expect(history.state.tasks.size).toBe(0);
    expect(history.state.services.size).toBe(0);
  });
});

describe('a task that has ended', () => {
  it('is replaced in its place, as the restart policy says', () => {
    const service = runEverywhere({ restart: { condition: 'on-failure', delay: 0 } });
    end(on(service, 'n1'));
    end(on(service, 'n2'), 'complete');
    settle(service);
    expect(standing(service)).toEqual({
      n1: 'running, pending',
      n2: 'shutdown, complete',
      n3: 'running, running',
    });
    expect(on(service, 'n1')).toMatchObject({ generation: 2, cause: 'restart', slot: { number: 1 } });
  });

  it.each([
    ['is paused', () => want('n1', { availability: 'pause' }), () => want('n1', { availability: 'active' })],
    ['is drained', () => want('n1', { availability: 'drain' }), () => want('n1', { availability: 'active' })],
    ['is down', () => changeStatus(history, 'n1', 'down'), () => changeStatus(history, 'n1', 'ready')],
  ])('on a node that %s is replaced once the node may have one again', (_, leave, comeBack) => {
    const service = runEverywhere();
    end(on(service, 'n1'));
    leave();
    expect(needsReconciling(service)).toBe(false);
    expect(settle(service)).toEqual([]);
    expect(countWanted(service)).toBe(2);
    comeBack();
    expect(settle(service)).toEqual([expect.stringMatching(/^log\.n1 ended; replaced/)]);
    expect(standing(service)).toMatchObject({ n1: 'running, pending' });
    expect(countWanted(service)).toBe(3);
  });
});

describe('a node that must be left', () => {
  it.each([
    ['is drained', () => want('n1', { availability: 'drain' }), () => want('n1', { availability: 'active' })],
    ['is down', () => changeStatus(history, 'n1', 'down'), () => changeStatus(history, 'n1', 'ready')],
    [
      'no longer meets the constraints',
      () => want('n1', { labels: { zone: 'b' } }),
      () => want('n1', { labels: {} }),
    ],
  ])('because it %s loses its task, and has another when it is as it was', (_, leave, comeBack) => {
    const service = runEverywhere({ placement: ['node.labels.zone!=b'] });
    leave();
    const why = settle(service);
    expect(why).toEqual([expect.stringMatching(/^log\.n1 .*; its node is to have no other$/)]);
    expect(standing(service)).toEqual({
      n1: 'shutdown, running',
      n2: 'running, running',
      n3: 'running, running',
    });
    expect(countWanted(service)).toBe(2);
    comeBack();
    settle(service);
    // The task before it is yet to stop.
    expect(standing(service)).toMatchObject({ n1: 'ready, pending' });
    end(tasksOf(service)[0]!, 'shutdown');
    settle(service);
    expect(standing(service)).toMatchObject({ n1: 'running, pending' });
    expect(on(service, 'n1').slot.number).toBe(1);
  });

  it('that is only paused keeps its task', () => {
    const service = runEverywhere();
    want('n1', { availability: 'pause' });
    expect(settle(service)).toEqual([]);
    expect(standing(service)).toMatchObject({ n1: 'running, running' });
    expect(countWanted(service)).toBe(3);
  });

  it('takes back a task that it was not given yet', () => {
    const service = given();
    settle(service);
    want('n1', { availability: 'drain' });
    settle(service);
    expect(standing(service)).toMatchObject({ n1: 'shutdown, pending' });
    expect(service.pending.size).toBe(2);
  });

  it('and is removed leaves nothing, and its slot is the next one that joins', () => {
    const service = runEverywhere();
    changeStatus(history, 'n1', 'down');
    settle(service);
    removeNode('n1');
    history.wait(1000);
    expect(settle(service)).toEqual(['1 task is over and forgotten']);
    expect(history.state.removedNodes.size).toBe(0);
    joinReadyNode(history, 'n4');
    settle(service);
    expect(on(service, 'n4').slot.number).toBe(1);
    expect(countWanted(service)).toBe(3);
  });

  it('and is removed with its task running gets no other there', () => {
    const service = runEverywhere();
    removeNode('n1');
    settle(service);
    expect(tasksOf(service).filter(isLive).length).toBe(2);
    expect(countWanted(service)).toBe(2);
  });

  it('has a place again when it is removed and joins once more, though nothing about it has changed', () => {
    const service = runEverywhere();
    const { description } = history.state.nodes.get('n1')!;
    removeNode('n1');
    history.append({ type: 'node.joined', cause: 0, nodeId: 'n1', session: 'another', description });
    changeStatus(history, 'n1', 'ready');
    settle(service);
    expect(standing(service)).toMatchObject({ n1: 'running, pending' });
  });
});

describe('an update', () => {
  it('goes node by node, and passes over a paused one until that is active again', () => {
    const service = runEverywhere();
    want('n2', { availability: 'pause' });
    updateService(history, service, { mode: 'global', restart: { delay: 0 }, image: 'other' });
    for (const name of ['n1', 'n3']) {
      settle(service);
      const [stopped] = tasksOf(service).filter(
        ({ desired, observed }) => desired === TaskState.SHUTDOWN && observed === TaskState.RUNNING,
      );
      expect(stopped!.slot.node!.id).toBe(name);
      end(stopped!, 'shutdown');
      settle(service);
      run(service);
    }
    settle(service);
    expect(standing(service)).toMatchObject({ n2: 'running, running' });
    expect(on(service, 'n2').version).not.toBe(service.version);
    want('n2', { availability: 'active' });
    settle(service);
    expect(on(service, 'n2')).toMatchObject({ cause: 'update', version: service.version });
  });

  it('of the constraints stops the tasks that may no longer be where they are at once, and comes to where they may be now', () => {
    const service = given({ placement: ['node.labels.zone!=b'] }, ['n1', 'n2', 'n3', 'n4']);
    want('n4', { labels: { zone: 'b' } });
    settle(service);
    run(service);
    expect(standing(service)).toMatchObject({ n3: 'running, running', n4: 'none' });
    want('n1', { labels: { zone: 'b' } });
    updateService(history, service, {
      mode: 'global',
      restart: { delay: 0 },
      placement: ['node.labels.zone==b'],
    });
    settle(service);
    expect(standing(service)).toEqual({
      n1: 'running, running',
      n2: 'shutdown, running',
      n3: 'shutdown, running',
      n4: 'running, pending',
    });
  });
});

it('names a place by its node', () => {
  const service = runEverywhere({}, ['n1']);
  expect(nameSlot(on(service, 'n1').slot)).toBe('log.n1');
});
