import type { EventDraft } from '@muster/events';
import { clearChanges, type Task } from '@muster/state';
import {
  assign,
  type History,
  joinReadyNode,
  report,
  serviceNamed,
  startHistory,
  tasksOf,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOrchestrator } from './orchestrator.ts';

let history: History;
let orchestrator: ReturnType<typeof createOrchestrator>;

beforeEach(() => {
  history = startHistory();
  orchestrator = createOrchestrator();
});

/** Decides and folds until there is nothing left to decide; returns the events. */
function settle(): EventDraft[] {
  const events: EventDraft[] = [];
  for (let round = 0; round < 50; round += 1) {
    orchestrator.notice(history.state, history.changes);
    clearChanges(history.changes);
    const decisions = orchestrator.decide(history.state, history.now);
    if (decisions.length === 0) return events;
    for (const { event } of decisions) {
      events.push(event);
      history.append(event);
    }
  }
  throw new Error('the orchestrator never settles');
}

function deploy(body: Record<string, unknown>, nodes = 1): Task[] {
  for (let index = 1; index <= nodes; index += 1) joinReadyNode(history, `n${index}`);
  history.intend('apply', 'web', { image: 'nginx', ...body });
  settle();
  allocate();
  return place(nodes);
}

function allocate(): void {
  const { id, version } = serviceNamed(history.state, 'web');
  if (version.ports) return;
  history.append({
    type: 'service.allocated',
    cause: version.seq,
    serviceId: id,
    specVersion: version.seq,
    ports: [],
  });
}

/** Gives pending tasks to n1, n2, … in turn. */
function place(nodes: number): Task[] {
  const service = serviceNamed(history.state, 'web');
  for (const [index, task] of [...service.pending].entries())
    assign(history, `n${(index % nodes) + 1}`, task.id);
  return tasksOf(service);
}

function observe(
  tasks: readonly Task[],
  state: Parameters<typeof report>[2]['state'],
  more: object = {},
): void {
  for (const task of tasks) report(history, task.node!.id, { id: task.id, state, ...more });
}

function web() {
  return serviceNamed(history.state, 'web');
}

const live = () => tasksOf(web()).filter((task) => task.desired <= 512);

describe('scaling', () => {
  it('creates a thousand tasks with one event', () => {
    history.intend('apply', 'web', { image: 'nginx', replicas: 1000 });
    const events = settle();
    expect(events.map((event) => event.type)).toEqual(['service.created', 'service.reconciled']);
    expect(web().tasks.size).toBe(1000);
    expect(new Set(web().tasks.keys()).size).toBe(1000);
  });

  it('splits what one message cannot hold, and ends with every slot', () => {
    history.intend('apply', 'web', { image: 'nginx', replicas: 20_000 });
    expect(settle().length).toBe(4);
    expect(web().occupiedSlots).toBe(20_000);
  });

  it('removes the highest slots first, and forgets them once they are over', () => {
    observe(deploy({ replicas: 3 }), 'running');
    history.intend('scale', 'web', { replicas: 1 });
    settle();
    expect(live().map((task) => task.slot.number)).toEqual([1]);
    const removed = tasksOf(web()).filter((task) => task.desired === 800);
    expect(removed.map((task) => task.slot.number)).toEqual([2, 3]);
    observe(removed, 'shutdown');
    history.wait(1000);
    settle();
    expect(web().tasks.size).toBe(1);
  });

  it('gives a slot used again another task id', () => {
    const [, second] = deploy({ replicas: 2 });
    observe([second!], 'running');
    history.intend('scale', 'web', { replicas: 1 });
    settle();
    observe([second!], 'shutdown');
    history.wait(1000);
    settle();
    history.intend('scale', 'web', { replicas: 2 });
    settle();
    expect(live()[1]).toMatchObject({ generation: 2, slot: { number: 2 } });
    expect(live()[1]!.id).not.toBe(second!.id);
  });
});

describe('restarting', () => {
  it('replaces a failed task at once, and starts the new one after the delay', () => {
    const [task] = deploy({ restart: { delay: '5s' } });
    observe([task!], 'running');
    observe([task!], 'failed', { exitCode: 137, err: 'task: non-zero exit (137)' });
    const [event] = settle();
    expect(event).toMatchObject({
      type: 'service.reconciled',
      why: ['web.1 ended: task: non-zero exit (137); replaced after 5 s'],
    });
    const [replacement] = live();
    expect(replacement).toMatchObject({ desired: 384, replaces: task!.id, generation: 2 });
    expect(orchestrator.nextWake()).toBe(replacement!.startAt);
    history.wait(5000);
    settle();
    expect(replacement!.desired).toBe(512);
  });

  it('starts the new task at once with delay 0', () => {
    const [task] = deploy({ restart: { delay: 0 } });
    observe([task!], 'failed');
    settle();
    expect(live()).toMatchObject([{ desired: 512, replaces: task!.id }]);
  });

  it('does not cut the waiting short when the waiting task fails', () => {
    const [task] = deploy({ restart: { delay: '60s' } });
    observe([task!], 'failed');
    settle();
    const [waiting] = place(1).filter((other) => other.row !== task!.row);
    observe([waiting!], 'rejected', { err: 'No such image: nginx' });
    expect(settle()).toEqual([]);
    expect(orchestrator.nextWake()).toBe(waiting!.startAt);
    history.wait(60_000);
    settle();
    expect(live()).toMatchObject([{ replaces: waiting!.id, generation: 3 }]);
  });

  it('slows a crash loop down, whatever the delay', () => {
    let [task] = deploy({ restart: { delay: 0 } });
    const delays: number[] = [];
    for (let end = 0; end < 7; end += 1) {
      observe([task!], 'failed');
      settle();
      const next = live()[0]!;
      delays.push(Math.max(0, next.startAt - next.createdAt));
      history.wait(-2500);
      task = next;
      place(1);
    }
    expect(delays.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(delays.at(-1)).toBeGreaterThan(0);
  });

  it('counts attempts in the log: another copy goes on counting', () => {
    const [first] = deploy({ restart: { delay: 0, maxAttempts: 2 } });
    let task = first!;
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      observe([task], 'failed');
      orchestrator = createOrchestrator();
      history.changes.services.add(web().id);
      settle();
      place(1);
      task = live()[0]!;
    }
    observe([task], 'failed');
    settle();
    expect(live()).toEqual([]);
  });

  it('replaces the tasks of a node that is down without waiting for them', () => {
    const tasks = deploy({ replicas: 2, restart: { delay: 0 } }, 2);
    observe(tasks, 'running');
    history.append({
      type: 'node.status_changed',
      cause: 1,
      nodeId: 'n1',
      status: 'down',
      message: 'heartbeat failure',
    });
    settle();
    expect(live().map((task) => [task.slot.number, task.node?.id])).toEqual([
      [1, undefined],
      [2, 'n2'],
    ]);
  });

  it('leaves a completed task alone under on-failure, and replaces it when the spec changes', () => {
    const [task] = deploy({ restart: 'on-failure' });
    observe([task!], 'complete');
    settle();
    expect(live()).toEqual([]);
    history.intend('update', 'web', { image: 'nginx', restart: 'on-failure', labels: { a: 'b' } });
    settle();
    expect(live()).toEqual([]);
    history.intend('update', 'web', { image: 'nginx:2', restart: 'on-failure' });
    settle();
    expect(live()).toMatchObject([{ replaces: task!.id, desired: 512 }]);
  });

  it('keeps five tasks of a slot', () => {
    let [task] = deploy({ restart: { delay: 0 } });
    for (let end = 0; end < 12; end += 1) {
      observe([task!], 'failed');
      settle();
      place(1);
      history.wait(1000);
      settle();
      task = live()[0];
    }
    expect(web().tasks.size).toBe(5);
  });
});

describe('updating', () => {
  it('replaces one slot after the other, stopping first', () => {
    const tasks = deploy({ replicas: 2 });
    observe(tasks, 'running');
    history.intend('update', 'web', { image: 'nginx:2', replicas: 2 });
    settle();
    allocate();
    settle();
    expect(tasks.map((task) => task.desired)).toEqual([640, 512]);
    const [fresh] = live().filter((task) => task.version === web().version);
    expect(fresh!.desired).toBe(384);
    observe([tasks[0]!], 'shutdown');
    settle();
    expect(fresh!.desired).toBe(512);
    place(1);
    observe([fresh!], 'running');
    settle();
    expect(tasks[1]!.desired).toBe(640);
  });

  it('starts the new task first when told to, and stops the old one when it runs', () => {
    const [old] = deploy({});
    observe([old!], 'running');
    history.intend('update', 'web', { image: 'nginx:2', update: { order: 'start-first' } });
    settle();
    allocate();
    place(1);
    expect(old!.desired).toBe(512);
    const fresh = live().find((task) => task.row !== old!.row)!;
    expect(fresh.desired).toBe(512);
    observe([fresh], 'running');
    settle();
    expect(old!.desired).toBe(640);
    expect(live()).toEqual([fresh]);
  });

  it('waits for the update delay after each slot', () => {
    const tasks = deploy({ replicas: 2 });
    observe(tasks, 'running');
    history.intend('update', 'web', { image: 'nginx:2', replicas: 2, update: { delay: '30s' } });
    settle();
    allocate();
    observe([tasks[0]!], 'shutdown');
    settle();
    place(1);
    const fresh = live().find((task) => task.slot.number === 1)!;
    observe([fresh], 'running');
    settle();
    expect(tasks[1]!.desired).toBe(512);
    expect(orchestrator.nextWake()).toBe(fresh.observedAt + 30_000);
    history.wait(30_000);
    settle();
    expect(tasks[1]!.desired).toBe(640);
  });

  it('replaces all at once with parallelism 0', () => {
    const tasks = deploy({ replicas: 3 });
    observe(tasks, 'running');
    history.intend('update', 'web', { image: 'nginx:2', replicas: 3, update: { parallelism: 0 } });
    settle();
    expect(tasks.every((task) => task.desired === 640)).toBe(true);
  });

  it('spares tasks when only constraints change and their node meets them', () => {
    const [task] = deploy({});
    observe([task!], 'running');
    history.intend('update', 'web', { image: 'nginx', placement: ['node.hostname==n1'] });
    settle();
    expect(live()).toEqual([task]);
    history.intend('update', 'web', { image: 'nginx', placement: ['node.hostname==elsewhere'] });
    settle();
    expect(task!.desired).toBe(640);
  });
});

describe('removing', () => {
  it('removes every task, and the service when the last is over', () => {
    const tasks = deploy({ replicas: 2 });
    observe(tasks, 'running');
    const { id } = web();
    history.intend('remove', 'web', undefined);
    settle();
    expect(history.state.serviceByName.has('', 'web')).toBe(false);
    expect(tasks.map((task) => task.desired)).toEqual([800, 800]);
    observe(tasks, 'shutdown');
    history.wait(1000);
    settle();
    expect(history.state.services.has(id)).toBe(false);
    expect(history.state.tasks.size).toBe(0);
  });

  it('forgets a service without tasks at once', () => {
    history.intend('apply', 'web', { image: 'nginx', replicas: 0 });
    settle();
    history.intend('remove', 'web', undefined);
    settle();
    expect(history.state.services.size).toBe(0);
  });
});
