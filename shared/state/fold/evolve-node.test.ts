// What an operator wants of a node, and nodes that are removed.
import { TaskState } from '@muster/model';
import {
  assign,
  copyThroughSnapshot,
  createService,
  createTasks,
  describeIndices,
  describeNode,
  desire,
  type History,
  joinReadyNode,
  removeNode,
  report,
  startHistory,
  updateNode,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { lastSeqOf } from '../cluster/state.ts';
import { hashState } from '../snapshots/hash.ts';

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
});

const node = (id = 'n1') => history.state.nodes.get(id)!;

function join(session: string, labels: Record<string, string> = {}): void {
  const description = describeNode('n1', { labels });
  history.append({ type: 'node.joined', cause: 0, nodeId: 'n1', session, description });
}

/** A task on n1, as far as it has come. */
function given(state: 'running' | 'complete') {
  const service = createService(history, 'web');
  const [id] = createTasks(history, service);
  assign(history, 'n1', id!);
  report(history, 'n1', { id: id!, state });
  return history.state.tasks.get(id!)!;
}

describe('what is wanted of a node', () => {
  it('is active, of a worker without labels, until somebody says otherwise', () => {
    joinReadyNode(history, 'n1');
    expect(node()).toMatchObject({
      spec: { availability: 'active', role: 'worker', labels: {} },
      role: 'worker',
      specSeq: history.state.head - 1,
    });
    const seq = updateNode(history, 'n1', { availability: 'drain', role: 'manager' });
    expect(node()).toMatchObject({ spec: { availability: 'drain' }, role: 'manager', specSeq: seq });
  });

  it('goes before the labels of its agent, and outlives a start of it', () => {
    joinReadyNode(history, 'n1', { labels: { zone: 'a', rack: '1' } });
    updateNode(history, 'n1', { labels: { zone: 'b' } });
    expect(node().labels).toEqual({ zone: 'b', rack: '1' });
    join('again', { zone: 'a', rack: '2' });
    expect(node()).toMatchObject({ labels: { zone: 'b', rack: '2' }, spec: { labels: { zone: 'b' } } });
  });
});

describe('a node that is removed', () => {
  beforeEach(() => joinReadyNode(history, 'n1'));

  it('takes what it ran with it, and nothing that had ended', () => {
    const running = given('running');
    const [id] = createTasks(history, running.service);
    assign(history, 'n1', id!);
    report(history, 'n1', { id: id!, state: 'complete' });
    removeNode(history, 'n1');
    expect(running.observed).toBe(TaskState.ORPHANED);
    expect(history.state.tasks.get(id!)!.observed).toBe(TaskState.COMPLETE);
    expect(running.service.runningTasks).toBe(0);
    expect(history.state.nodes.size).toBe(0);
    expect(history.state.removedNodes.get('n1')).toMatchObject({ removed: true, activeTasks: 0 });
  });

  it('is not brought back by what its agent, which has not heard of it, still says', () => {
    removeNode(history, 'n1');
    join('session-n1', { zone: 'a' });
    expect(history.state.nodes.size).toBe(0);
    join('another');
    expect(node()).toMatchObject({ status: 'unknown', removed: false });
  });

  it('joins as a new one, of which nothing is wanted yet, beside the tasks that it had', () => {
    updateNode(history, 'n1', { availability: 'drain', labels: { zone: 'b' } });
    const task = given('running');
    removeNode(history, 'n1');
    join('another');
    expect(node()).toMatchObject({
      spec: { availability: 'active', labels: {} },
      session: 'another',
      status: 'unknown',
    });
    expect(task.node).toBe(node());
    expect(task.observed).toBe(TaskState.ORPHANED);
  });

  it('is decided about after what was decided before, when it joins again', () => {
    const last = lastSeqOf(history.state, 'muster.event.dispatcher.node.n1');
    const seq = removeNode(history, 'n1');
    expect(lastSeqOf(history.state, 'muster.event.dispatcher.node.n1')).toBe(last);
    join('another');
    expect(lastSeqOf(history.state, 'muster.event.orchestrator.node.n1')).toBe(seq);
  });

  it('is the same through a snapshot', () => {
    joinReadyNode(history, 'n2');
    updateNode(history, 'n2', { availability: 'pause', labels: { zone: 'b' } });
    const task = given('running');
    removeNode(history, 'n1');
    desire(history, task.service, 'shutdown', task.id);
    const copy = copyThroughSnapshot(history.state);
    expect(hashState(copy)).toBe(hashState(history.state));
    expect(describeIndices(copy)).toEqual(describeIndices(history.state));
    expect([...copy.sessionsOver]).toEqual([['n1', 'session-n1']]);
  });
});
