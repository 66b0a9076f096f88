import { TaskState } from '@muster/model';
import {
  assign,
  createService,
  createTasks,
  joinReadyNode,
  report,
  serviceNamed,
  startHistory,
  tasksOf,
  updateService,
} from '@muster/testing';
import { describe, expect, it } from 'vitest';
import { runService } from '../audit/story.fixture.ts';
import { answerQuery } from './answer.ts';

function ok<T extends { readonly ok: boolean }>(result: T): Extract<T, { ok: true }> {
  expect(result).toMatchObject({ ok: true });
  return result as Extract<T, { ok: true }>;
}

describe('services', () => {
  it('are listed by name, with what runs of what is wanted', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    runService(history, 'web', { replicas: 3, running: 2 });
    runService(history, 'api', { replicas: 1, running: 1 });
    const { answer } = ok(answerQuery(history.state, 'service.list', {}));
    expect(answer.map(({ name, running, replicas }) => `${name} ${running}/${replicas}`)).toEqual([
      'api 1/1',
      'web 2/3',
    ]);
  });

  it('no longer count tasks on a node that is down', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    runService(history, 'web', { replicas: 2, running: 2 });
    history.append({
      type: 'node.status_changed',
      cause: 0,
      nodeId: 'n1',
      status: 'down',
      message: 'heartbeat failure',
    });
    expect(ok(answerQuery(history.state, 'service.list', {})).answer).toMatchObject([
      { running: 0, replicas: 2 },
    ]);
  });

  it('are found by name, by id and by the beginning of an id', () => {
    const history = startHistory();
    runService(history, 'web', { replicas: 0, running: 0 });
    const { id } = serviceNamed(history.state, 'web');
    for (const service of ['web', id, id.slice(0, 8)]) {
      expect(ok(answerQuery(history.state, 'service.inspect', { service })).answer.id).toBe(id);
    }
  });

  it('are found without regard to case, as their tasks and as nodes are', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1', { hostname: 'Node1' });
    const { id, tasks } = runService(history, 'web', { replicas: 1, running: 1 });
    const { state } = history;
    expect(ok(answerQuery(state, 'service.inspect', { service: 'wEb' })).answer.id).toBe(id);
    expect(ok(answerQuery(state, 'task.inspect', { task: 'WEB.1' })).answer.id).toBe(tasks[0]);
    expect(ok(answerQuery(state, 'node.inspect', { node: 'NODE1' })).answer.id).toBe('n1');
    const { id: other } = runService(history, 'Web', { replicas: 1, running: 0 });
    expect(ok(answerQuery(state, 'service.inspect', { service: 'Web' })).answer.id).toBe(other);
    expect(answerQuery(state, 'service.inspect', { service: 'WEB' })).toMatchObject({
      refusal: { kind: 'conflict', message: 'service WEB is ambiguous (2 matches found)' },
    });
    expect(answerQuery(state, 'task.inspect', { task: 'WEB.1' })).toMatchObject({
      refusal: { kind: 'conflict' },
    });
  });

  it.each([
    ['service.inspect', { service: 'web' }, 'no such service: web'],
    ['service.tasks', { service: '' }, 'no such service: '],
    ['node.inspect', { node: 'n9' }, 'no such node: n9'],
    ['task.inspect', { task: 'web.1' }, 'no such task: web.1'],
  ] as const)('%s refuses what there is not, in words', (name, request, message) => {
    const { state } = startHistory();
    expect(answerQuery(state, name, request as never)).toEqual({
      ok: false,
      refusal: { kind: 'not-found', message },
    });
  });

  it('refuses an id that begins two', () => {
    const history = startHistory();
    for (let index = 0; index < 40; index += 1) runService(history, `s${index}`, { replicas: 0, running: 0 });
    const ids = [...history.state.services.keys()];
    const first = ids.find((id) => ids.some((other) => other !== id && other[0] === id[0]))!;
    expect(answerQuery(history.state, 'service.inspect', { service: first[0]! })).toMatchObject({
      ok: false,
      refusal: { kind: 'conflict', message: expect.stringMatching(/is ambiguous \(\d+ matches found\)/) },
    });
  });
});

describe('tasks', () => {
  it('come by slot, the newest first, with their history', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    const { id } = runService(history, 'web', { replicas: 2, running: 2 });
    const [first] = tasksOf(serviceNamed(history.state, 'web'));
    report(history, 'n1', { id: first!.id, state: 'failed', err: 'task: non-zero exit (1)', exitCode: 1 });
    history.append({
      type: 'service.reconciled',
      cause: history.state.head,
      serviceId: id,
      specVersion: serviceNamed(history.state, 'web').version.seq,
      created: [{ id: 'b'.repeat(25), slot: 1, generation: 2, replaces: first!.id, cause: 'restart' }],
      desired: [{ id: first!.id, state: 'shutdown' }],
      why: [],
    });
    const { answer } = ok(answerQuery(history.state, 'service.tasks', { service: 'web' }));
    expect(answer.map((task) => [task.slot, task.generation, task.state, task.err])).toEqual([
      [1, 2, 'pending', ''],
      [1, 1, 'failed', 'task: non-zero exit (1)'],
      [2, 1, 'running', ''],
    ]);
    expect(ok(answerQuery(history.state, 'task.inspect', { task: 'web.1' })).answer.generation).toBe(2);
    expect(ok(answerQuery(history.state, 'node.tasks', { node: 'n1' })).answer).toHaveLength(2);
  });

  it('come in pages that together are the list, however small the pages', () => {
    const history = startHistory();
    runService(history, 'web', { replicas: 25, running: 0 });
    const whole = ok(answerQuery(history.state, 'service.tasks', { service: 'web' })).answer;
    for (const limit of [1, 7, 24, 25, 26]) {
      const slots: number[] = [];
      let cursor: string | undefined;
      do {
        const page = ok(answerQuery(history.state, 'service.tasks', { service: 'web', limit, cursor }));
        expect(page.answer.length).toBeLessThanOrEqual(limit);
        slots.push(...page.answer.map(({ slot }) => slot));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(slots).toEqual(whole.map(({ slot }) => slot));
    }
  });

  it('of ten thousand fit the messages of a server', () => {
    const history = startHistory();
    runService(history, 'web', { replicas: 10_000, running: 0 });
    let pages = 0;
    let tasks = 0;
    let cursor: string | undefined;
    do {
      const page = ok(answerQuery(history.state, 'service.tasks', { service: 'web', cursor }));
      expect(JSON.stringify(page.answer).length).toBeLessThan(900 * 1024);
      tasks += page.answer.length;
      pages += 1;
      cursor = page.next;
    } while (cursor !== undefined);
    expect(tasks).toBe(10_000);
    expect(pages).toBeGreaterThan(1);
  });
});

describe('progress', () => {
  it('has the reason while no node suits', () => {
    const history = startHistory();
    const { id } = runService(history, 'web', { replicas: 1, running: 0 });
    const message = 'no suitable node (insufficient resources on 1 node)';
    history.append({
      type: 'tasks.unschedulable',
      cause: 0,
      serviceId: id,
      specVersion: serviceNamed(history.state, 'web').version.seq,
      message,
      refused: [],
    });
    const { answer } = ok(answerQuery(history.state, 'service.progress', { service: 'web' }));
    expect(answer).toMatchObject({ running: 0, replicas: 1, unschedulable: message, err: message });
  });

  it('shows why the task before failed until the new one runs, and what will not be replaced', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    const { id } = runService(history, 'web', { replicas: 1, running: 1 });
    const [task] = tasksOf(serviceNamed(history.state, 'web'));
    report(history, 'n1', { id: task!.id, state: 'failed', err: 'boom' });
    const specVersion = serviceNamed(history.state, 'web').version.seq;
    const progress = () => ok(answerQuery(history.state, 'service.progress', { service: 'web' })).answer;
    expect(progress()).toMatchObject({ running: 0, failed: 0, err: 'boom' });
    const next = 'c'.repeat(25);
    history.append({
      type: 'service.reconciled',
      cause: 0,
      serviceId: id,
      specVersion,
      created: [{ id: next, slot: 1, generation: 2, replaces: task!.id, cause: 'restart' }],
      desired: [{ id: task!.id, state: 'shutdown' }],
      why: [],
    });
    expect(progress()).toMatchObject({ err: 'boom', slots: [{ slot: 1, state: 'pending', err: 'boom' }] });
    assign(history, 'n1', next);
    report(history, 'n1', { id: next, state: 'running' });
    expect(progress()).toMatchObject({ running: 1, slots: [{ state: 'running', err: '' }] });
    expect(progress()).not.toHaveProperty('err');
    report(history, 'n1', { id: next, state: 'failed', err: 'again' });
    history.append({
      type: 'service.reconciled',
      cause: 0,
      serviceId: id,
      specVersion,
      desired: [{ id: next, state: 'shutdown' }],
      why: ['web.1 ended: again; its restart policy asks for no other'],
    });
    expect(progress()).toMatchObject({ running: 0, failed: 1, completed: 0 });
  });
});

it('a service and its progress tell what an update has come to, and what a rollback goes back to', () => {
  const history = startHistory({ wire: 2 });
  joinReadyNode(history, 'n1');
  const service = createService(history, 'web');
  const before = service.spec;
  const ask = (name: 'service.inspect' | 'service.progress') =>
    ok(answerQuery(history.state, name, { service: 'web' })).answer;
  expect(ask('service.inspect')).not.toHaveProperty('updateStatus');
  expect(ask('service.inspect')).not.toHaveProperty('previousSpec');
  createTasks(history, service);
  updateService(history, service, { image: 'other' });
  const { startedAt } = service.update!;
  const updateStatus = { state: 'updating', message: 'update in progress', startedAt };
  expect(ask('service.inspect')).toMatchObject({ updateStatus, previousSpec: before });
  expect(ask('service.progress')).toMatchObject({ updateStatus });
  const { id: serviceId, specSeq: specVersion } = service;
  const ended = { type: 'service.update_ended', cause: 1, serviceId, specVersion } as const;
  history.append({ ...ended, state: 'completed', message: 'update completed' });
  const completed = { state: 'completed', message: 'update completed', startedAt };
  expect(ask('service.progress')).toMatchObject({
    updateStatus: { ...completed, completedAt: service.update!.completedAt },
  });
});

it('progress tells the first task of an update that failed, even when others follow', () => {
  const history = startHistory();
  joinReadyNode(history, 'n1');
  const service = createService(history, 'web');
  const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(25)) as [string, string, string];
  const create = (id: string, cause?: 'update' | 'restart') =>
    history.append({
      type: 'service.reconciled',
      cause: 0,
      serviceId: service.id,
      specVersion: service.version.seq,
      created: [{ id, slot: 1, generation: ids.indexOf(id) + 1, ...(cause && { cause }) }],
      why: [],
    });
  const fail = (id: string) => {
    assign(history, 'n1', id);
    report(history, 'n1', { id, state: 'rejected', err: `no ${id[0]}` });
  };
  const failure = () =>
    ok(answerQuery(history.state, 'service.progress', { service: 'web' })).answer.updateFailure;
  create(ids[0]);
  fail(ids[0]);
  expect(failure()).toBeUndefined();
  updateService(history, service, { image: 'other' });
  create(ids[1], 'update');
  expect(failure()).toBeUndefined();
  fail(ids[1]);
  create(ids[2], 'restart');
  expect(failure()).toEqual({ version: service.version.seq, slot: 1, err: 'no b' });
  updateService(history, service, { image: 'third' });
  expect(failure()).toBeUndefined();
});

describe('status', () => {
  it('counts, and tells the oldest intent that nobody answered', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    runService(history, 'web', { replicas: 2, running: 1 });
    const seq = history.intend('scale', 'web', { replicas: 5 });
    history.intend('scale', 'web', { replicas: 6 });
    history.record('muster.event.orchestrator.service.x', new TextEncoder().encode('{'));
    expect(ok(answerQuery(history.state, 'status', {})).answer).toMatchObject({
      head: history.state.head,
      services: 1,
      nodes: { ready: 1 },
      tasks: { running: 1, assigned: 1 },
      unavailable: { pause: 0, drain: 0 },
      openIntents: 2,
      oldestIntent: { seq },
      openPoison: 1,
    });
    expect([...history.state.tasks.values()].some(({ observed }) => observed === TaskState.RUNNING)).toBe(
      true,
    );
  });
});
