// A global service as it is shown: its tasks are known by their nodes.
import { encodeJson, intentSubject } from '@muster/events';
import type { NodeSpec } from '@muster/model';
import type { Service } from '@muster/state';
import {
  assign,
  changeStatus,
  coverNodes,
  createService,
  type History,
  joinReadyNode,
  report,
  startHistory,
  updateService,
} from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { answerQuery } from './answer.ts';
import { Directory, listTaskNames } from './directory.ts';

let history: History;
let service: Service;
let tasks: string[];
beforeEach(() => {
  history = startHistory({ wire: 2 });
  for (const name of ['n1', 'n2', 'n3']) joinReadyNode(history, name);
  service = createService(history, 'log', { mode: 'global' });
  tasks = coverNodes(history, service);
});

/** As its node would: the nth task runs. */
function run(index: number): void {
  const nodeId = `n${index + 1}`;
  assign(history, nodeId, tasks[index]!);
  report(history, nodeId, { id: tasks[index]!, state: 'running' });
}

function want(nodeId: string, spec: Partial<NodeSpec>): void {
  const cause = history.record(intentSubject('ana', 'node', 'update', nodeId), encodeJson(spec));
  const before = history.state.nodes.get(nodeId)!.spec;
  history.append({ type: 'node.updated', cause, actor: 'ana', nodeId, spec: { ...before, ...spec } });
}

function ask(name: Parameters<typeof answerQuery>[1], request: object) {
  const result = answerQuery(history.state, name, request as never);
  expect(result).toMatchObject({ ok: true });
  return (result as unknown as { answer: unknown }).answer;
}

it('wants as many tasks as there are nodes that are to have one', () => {
  run(0);
  run(1);
  expect(ask('service.list', {})).toMatchObject([{ mode: 'global', running: 2, replicas: 3 }]);
  changeStatus(history, 'n3', 'down');
  expect(ask('service.list', {})).toMatchObject([{ running: 2, replicas: 3 }]);
  history.append({
    type: 'service.reconciled',
    cause: 1,
    serviceId: service.id,
    specVersion: service.version.seq,
    desired: [{ id: tasks[2]!, state: 'shutdown' }],
    why: [],
  });
  expect(ask('service.list', {})).toMatchObject([{ running: 2, replicas: 2 }]);
  joinReadyNode(history, 'n4');
  expect(ask('service.list', {})).toMatchObject([{ running: 2, replicas: 3 }]);
});

it('names a task by its node, and finds it by that name', () => {
  run(1);
  const id = tasks[1]!;
  const shown = { id, name: `log.n2.${id}`, slot: 0, place: 'n2' };
  for (const task of ['log.n2', `log.n2.${id.slice(0, 6)}`, id]) {
    expect(ask('task.inspect', { task })).toMatchObject(shown);
  }
  expect(answerQuery(history.state, 'task.inspect', { task: 'log.2' } as never)).toMatchObject({ ok: false });
  expect(ask('service.tasks', { service: 'log' })).toMatchObject([{ place: 'n1' }, shown, { place: 'n3' }]);
  const directory = new Directory();
  directory.noteState(history.state);
  expect(listTaskNames(directory, tasks)).toBe('log.n1, log.n2, log.n3');
});

it('waits for the nodes that may have a task of the present spec, and for no others', () => {
  for (const index of [0, 1, 2]) run(index);
  expect(ask('service.progress', { service: 'log' })).toMatchObject({ replicas: 3, running: 3 });
  want('n3', { availability: 'pause' });
  updateService(history, service, { mode: 'global', image: 'other' });
  expect(ask('service.progress', { service: 'log' })).toMatchObject({
    replicas: 2,
    running: 0,
    slots: [
      { slot: 0, place: 'n1', hostname: 'n1' },
      { slot: 0, place: 'n2', hostname: 'n2' },
    ],
  });
  joinReadyNode(history, 'n4');
  expect(ask('service.progress', { service: 'log' })).toMatchObject({ replicas: 3, running: 0 });
});
