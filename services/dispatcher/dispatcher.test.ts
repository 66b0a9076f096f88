import { deriveServiceId, deriveTaskId, type NodeStatus, serviceSpecSchema, TaskState } from '@muster/model';
import { clearChanges, lastSeqOf } from '@muster/state';
import {
  assign,
  createService,
  createTasks,
  describeNode,
  type History,
  joinReadyNode,
  report,
  serviceNamed,
  settle,
  startHistory,
  tasksOf,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { ORPHAN_AFTER_MS } from './nodes/verdict.ts';

const PERIOD = 5000;
const STEP = PERIOD / 10;

let history: History;
let now: number;
let copies: Copy[];
/** Every status written, with the ms since the test began. */
let verdicts: { node: string; status: NodeStatus; message: string; at: number }[];

interface Copy {
  readonly dispatcher: Dispatcher;
  /** The nodes whose heartbeats reach it. */
  readonly hears: Set<string>;
  /** Its process stands still. */
  stopped: boolean;
  /** Its connection to the bus is lost. */
  cutOff: boolean;
}

let begin: number;

beforeEach(() => {
  history = startHistory();
  now = begin = history.now;
  copies = [];
  verdicts = [];
});

function startCopy(...hears: readonly string[]): Copy {
  const copy: Copy = {
    dispatcher: createDispatcher({ heartbeatMs: PERIOD }),
    hears: new Set(hears),
    stopped: false,
    cutOff: false,
  };
  const everything = {
    services: [],
    networks: [],
    tasks: [],
    intents: [],
    poison: [],
    nodes: history.state.nodes.keys(),
  };
  copy.dispatcher.notice(history.state, everything);
  copies.push(copy);
  copy.dispatcher.echo(now, now);
  decide(copy);
  return copy;
}

/** The log's clock is what the test says, not a second for each record. */
function at(time: number): History {
  return history.wait(time - history.now);
}

function share(): void {
  for (const { dispatcher } of copies) dispatcher.notice(history.state, history.changes);
  clearChanges(history.changes);
}

/** Decides and folds, as the loop would, until this copy has nothing more to say. */
function decide(copy: Copy): void {
  for (let round = 0; round < 20; round += 1) {
    share();
    const decisions = copy.dispatcher.decide(history.state, now);
    if (decisions.length === 0) return;
    for (const { event, expect: expected } of decisions) {
      if (!('nodeId' in event)) throw new Error(`the dispatcher decided ${event.type}`);
      expect(expected).toBe(lastSeqOf(history.state, `muster.event.dispatcher.node.${event.nodeId}`));
      at(now).append(event);
      if (event.type === 'node.status_changed') {
        verdicts.push({ node: event.nodeId, status: event.status, message: event.message, at: now - begin });
      }
    }
  }
  throw new Error('the dispatcher never settles');
}

/** Lets time pass. Nodes beat once a period, each copy sends its echoes and decides after them. */
function pass(ms: number, ...beating: readonly string[]): void {
  for (const end = now + ms; now < end; ) {
    now += STEP;
    const isBeat = (now - begin) % PERIOD === 0;
    for (const copy of copies) {
      if (copy.stopped) continue;
      if (isBeat && !copy.cutOff) {
        for (const node of beating) if (copy.hears.has(node)) copy.dispatcher.hear(node, now);
      }
      if (!copy.cutOff) copy.dispatcher.echo(now - 1, now);
      decide(copy);
    }
  }
}

function join(node: string): void {
  at(now).append({
    type: 'node.joined',
    cause: 0,
    nodeId: node,
    session: 's',
    description: describeNode(node),
  });
}

const statusOf = (node: string) => history.state.nodes.get(node)!.status;
const statuses = () => verdicts.map(({ status }) => status);

describe('a node whose engine does not answer', () => {
  const beat = (engineIsSilent: boolean) => {
    for (const copy of copies) {
      copy.dispatcher.hear('n1', now, engineIsSilent);
      decide(copy);
    }
  };

  it('is suspect as soon as its agent says so, and ready when it says that it does again', () => {
    startCopy('n1');
    startCopy('n1');
    beat(true);
    join('n1');
    beat(true);
    expect(statusOf('n1')).toBe('unknown');
    beat(false);
    for (let period = 0; period < 10; period += 1) {
      beat(true);
      pass(PERIOD);
    }
    expect(verdicts.at(-1)).toMatchObject({ status: 'suspect', message: 'its engine does not answer' });
    beat(false);
    expect(statuses()).toEqual(['ready', 'suspect', 'ready']);
    beat(true);
    pass(4 * PERIOD);
    expect(statuses().slice(3)).toEqual(['suspect', 'down']);
  });
});

describe('a node that joins', () => {
  it('is ready with its first heartbeat', () => {
    startCopy('n1');
    join('n1');
    pass(STEP);
    expect(statusOf('n1')).toBe('unknown');
    pass(PERIOD, 'n1');
    expect(verdicts).toEqual([{ node: 'n1', status: 'ready', message: 'heartbeat received', at: PERIOD }]);
  });

  it('is ready at once when its heartbeat overtook its joining', () => {
    const { dispatcher } = startCopy('n1');
    expect(dispatcher.hear('n1', now)).toBe(false);
    join('n1');
    decide(copies[0]!);
    expect(statusOf('n1')).toBe('ready');
  });

  it('is ready with its first report', () => {
    startCopy();
    join('n1');
    pass(STEP);
    at(now);
    report(history, 'n1');
    pass(STEP);
    expect(statuses()).toEqual(['ready']);
  });

  it('asks for a decision at once when it is heard and not ready', () => {
    const { dispatcher } = startCopy('n1');
    join('n1');
    decide(copies[0]!);
    expect(dispatcher.hear('n1', now)).toBe(true);
    decide(copies[0]!);
    expect(dispatcher.hear('n1', now)).toBe(false);
  });

  it('is down when it never beats', () => {
    startCopy('n1');
    join('n1');
    pass(4 * PERIOD);
    expect(verdicts).toMatchObject([
      { status: 'down', message: 'heartbeat failure for node in "unknown" state' },
    ]);
  });

  it('names the event that it answers as its cause', () => {
    startCopy('n1');
    join('n1');
    const joined = history.state.head;
    pass(PERIOD, 'n1');
    const [record] = history.records.slice(-1);
    expect(JSON.parse(new TextDecoder().decode(record!.data))).toMatchObject({ cause: joined });
  });
});

describe('a node that falls silent', () => {
  beforeEach(() => {
    startCopy('n1', 'n2');
    join('n1');
    pass(2 * PERIOD, 'n1');
    verdicts.length = 0;
    begin = now;
  });

  it('stays ready while it beats', () => {
    pass(100 * PERIOD, 'n1');
    expect(verdicts).toEqual([]);
  });

  it('is suspected when its heartbeats are missing, and down after three periods', () => {
    pass(6 * PERIOD);
    expect(verdicts).toEqual([
      { node: 'n1', status: 'suspect', message: 'heartbeat missed', at: 2 * PERIOD + STEP },
      { node: 'n1', status: 'down', message: 'heartbeat failure', at: 3 * PERIOD + 2 * STEP },
    ]);
  });

  it('is ready again when it beats again', () => {
    pass(6 * PERIOD);
    pass(PERIOD, 'n1');
    expect(statuses()).toEqual(['suspect', 'down', 'ready']);
  });

  it('is alive as long as its agent writes to the log', () => {
    for (let count = 0; count < 10; count += 1) {
      pass(PERIOD);
      at(now);
      report(history, 'n1');
    }
    expect(verdicts).toEqual([]);
  });

  it('is ready when its agent reports after it was given up', () => {
    pass(6 * PERIOD);
    at(now);
    report(history, 'n1');
    pass(STEP);
    expect(statuses()).toEqual(['suspect', 'down', 'ready']);
  });

  it('is not made ready by a report that came before it was given up', () => {
    pass(2 * PERIOD);
    report(history, 'n1');
    at(now).append({ type: 'node.status_changed', cause: 0, nodeId: 'n1', status: 'down', message: '' });
    pass(STEP);
    expect(statusOf('n1')).toBe('down');
  });

  it('is suspected again when the decision was lost', () => {
    const [{ dispatcher }] = copies as [Copy];
    for (const end = now + 2 * PERIOD; now < end; ) {
      now += STEP;
      dispatcher.echo(now, now);
    }
    const decisions = dispatcher.decide(history.state, now);
    expect(decisions).toMatchObject([{ event: { status: 'suspect' } }]);
    expect(dispatcher.decide(history.state, now)).toEqual(decisions);
  });

  it('does not take others with it', () => {
    join('n2');
    pass(10 * PERIOD, 'n2');
    expect(statusOf('n1')).toBe('down');
    expect(statusOf('n2')).toBe('ready');
  });

  it('wakes the loop in time though no echo comes', () => {
    const wake = copies[0]!.dispatcher.nextWake();
    expect(wake).toBeGreaterThan(now);
    expect(wake).toBeLessThanOrEqual(now + 2 * PERIOD + STEP);
  });
});

describe('a dispatcher that was away', () => {
  beforeEach(() => {
    startCopy('n1', 'n2');
    join('n1');
    join('n2');
    pass(2 * PERIOD, 'n1', 'n2');
    verdicts.length = 0;
  });

  it('does not count the time in which its process stood still', () => {
    copies[0]!.stopped = true;
    pass(1000 * PERIOD);
    copies[0]!.stopped = false;
    decide(copies[0]!);
    pass(10 * PERIOD, 'n1', 'n2');
    expect(verdicts).toEqual([]);
  });

  it('does not count the time in which it had no connection', () => {
    copies[0]!.cutOff = true;
    pass(1000 * PERIOD, 'n1', 'n2');
    copies[0]!.cutOff = false;
    pass(10 * PERIOD, 'n1', 'n2');
    expect(verdicts).toEqual([]);
  });

  it('still finds a node that is gone when it is back', () => {
    copies[0]!.cutOff = true;
    pass(20 * PERIOD);
    copies[0]!.cutOff = false;
    pass(5 * PERIOD, 'n2');
    expect(statusOf('n1')).toBe('down');
    expect(statusOf('n2')).toBe('ready');
  });

  it('does not give up a suspected node on the strength of the time it was away', () => {
    pass(2 * PERIOD + STEP, 'n2');
    expect(statusOf('n1')).toBe('suspect');
    copies[0]!.cutOff = true;
    pass(100 * PERIOD, 'n1', 'n2');
    copies[0]!.cutOff = false;
    pass(PERIOD, 'n1', 'n2');
    expect(statuses()).toEqual(['suspect', 'ready']);
  });

  it('does not take what was kept back for it for a sign of life', () => {
    pass(6 * PERIOD, 'n2');
    expect(statusOf('n1')).toBe('down');
    now += 1000 * PERIOD;
    copies[0]!.dispatcher.hear('n1', now);
    join('n3');
    copies[0]!.dispatcher.hear('n3', now);
    decide(copies[0]!);
    pass(STEP);
    expect(statusOf('n1')).toBe('down');
    expect(statusOf('n3')).toBe('unknown');
  });

  it('takes every node for heard at its own start', () => {
    copies.length = 0;
    now += 1000 * PERIOD;
    begin = now;
    startCopy('n1', 'n2');
    pass(3 * PERIOD, 'n1');
    expect(verdicts.map(({ node, status }) => ({ node, status }))).toEqual([
      { node: 'n2', status: 'suspect' },
    ]);
  });

  it('does not believe an old report at its start', () => {
    pass(6 * PERIOD, 'n2');
    expect(statusOf('n1')).toBe('down');
    at(now);
    report(history, 'n1');
    copies.length = 0;
    now += 1000 * PERIOD;
    startCopy('n1', 'n2');
    pass(PERIOD, 'n2');
    expect(statusOf('n1')).toBe('down');
  });

  it('goes on when its clock is set back', () => {
    now -= 1000 * PERIOD;
    begin = now;
    pass(5 * PERIOD, 'n1');
    expect(statusOf('n1')).toBe('ready');
    expect(statusOf('n2')).toBe('down');
  });

  it('gives up a node whose agent went before its clock was set back', () => {
    copies[0]!.dispatcher.noteAgent('n1', false, now);
    decide(copies[0]!);
    expect(statusOf('n1')).toBe('suspect');
    now -= 1000 * PERIOD;
    begin = now;
    pass(3 * PERIOD, 'n2');
    expect(statusOf('n1')).toBe('down');
  });

  it('goes on when its clock is set forward', () => {
    now += 1000 * PERIOD;
    begin = now;
    pass(5 * PERIOD, 'n1');
    expect(statusOf('n1')).toBe('ready');
    expect(statusOf('n2')).toBe('down');
  });
});

describe('two dispatchers', () => {
  it('write each verdict once', () => {
    startCopy('n1');
    startCopy('n1');
    join('n1');
    pass(2 * PERIOD, 'n1');
    pass(6 * PERIOD);
    pass(2 * PERIOD, 'n1');
    expect(statuses()).toEqual(['ready', 'suspect', 'down', 'ready']);
  });

  it('never give up a node that one of them hears, and suspect it ever less', () => {
    startCopy('n1');
    startCopy();
    join('n1');
    pass(PERIOD, 'n1');
    verdicts.length = 0;
    pass(200 * PERIOD, 'n1');
    expect(statuses()).not.toContain('down');
    expect(statusOf('n1')).toBe('ready');
    const suspicions = verdicts.filter(({ status }) => status === 'suspect').map((verdict) => verdict.at);
    expect(suspicions.length).toBeLessThanOrEqual(15);
    for (const suspicion of suspicions) {
      expect(verdicts).toContainEqual(expect.objectContaining({ status: 'ready', at: suspicion + STEP }));
    }
  });

  it('give up a node that neither hears, as fast as one would', () => {
    startCopy('n1');
    startCopy();
    join('n1');
    pass(2 * PERIOD, 'n1');
    verdicts.length = 0;
    begin = now;
    pass(4 * PERIOD);
    const down = verdicts.find(({ status }) => status === 'down');
    expect(down?.at).toBeLessThanOrEqual(3 * PERIOD + 3 * STEP);
  });

  it('take back the verdict of a deaf one on a node that is heard', () => {
    startCopy('n1');
    join('n1');
    pass(PERIOD, 'n1');
    at(now).append({ type: 'node.status_changed', cause: 0, nodeId: 'n1', status: 'down', message: '' });
    pass(STEP, 'n1');
    expect(statusOf('n1')).toBe('ready');
  });

  it('leave a suspicion alone when the last heartbeat is old for both', () => {
    startCopy('n1');
    const slow = startCopy('n1');
    join('n1');
    pass(2 * PERIOD, 'n1');
    verdicts.length = 0;
    pass(2 * PERIOD - STEP);
    // The other one is a little later, and had nothing to say yet.
    slow.stopped = true;
    pass(2 * STEP);
    slow.stopped = false;
    pass(2 * PERIOD);
    expect(statuses()).toEqual(['suspect', 'down']);
  });
});

describe('tasks of a node that is down', () => {
  function runTasks(): string[] {
    joinReadyNode(history, 'n1');
    history.intend('apply', 'web', { image: 'nginx', replicas: 3 });
    const intent = history.state.head;
    const serviceId = deriveServiceId('web', intent);
    const spec = serviceSpecSchema.parse({
      name: 'web',
      taskTemplate: { containerSpec: { image: 'nginx' } },
    });
    const specVersion = history.append({
      type: 'service.created',
      cause: intent,
      serviceId,
      actor: 'ana',
      spec,
    });
    const created = [1, 2, 3].map((slot) => ({ id: deriveTaskId(serviceId, slot, 1), slot }));
    history.append({ type: 'service.reconciled', cause: intent, serviceId, specVersion, created, why: [] });
    history.append({ type: 'service.allocated', cause: intent, serviceId, specVersion, ports: [] });
    assign(history, 'n1', ...created.map(({ id }) => id));
    report(
      history,
      'n1',
      { id: created[0]!.id, state: 'complete' },
      { id: created[1]!.id, state: 'running' },
    );
    now = begin = history.now;
    return created.map(({ id }) => id);
  }

  it('are orphaned after 24 hours, those that had not ended', () => {
    runTasks();
    startCopy('n1');
    pass(5 * PERIOD);
    expect(statusOf('n1')).toBe('down');
    const { statusAt } = history.state.nodes.get('n1')!;
    const observed = () => tasksOf(serviceNamed(history.state, 'web')).map((task) => task.observed);
    now = statusAt + ORPHAN_AFTER_MS - PERIOD;
    pass(PERIOD - STEP);
    expect(observed()).toEqual([TaskState.COMPLETE, TaskState.RUNNING, TaskState.ASSIGNED]);
    pass(2 * STEP);
    expect(observed()).toEqual([TaskState.COMPLETE, TaskState.ORPHANED, TaskState.ORPHANED]);
    const { head } = history.state;
    pass(10 * PERIOD);
    expect(history.state.head).toBe(head);
  });

  it('are orphaned by a dispatcher that starts long after', () => {
    runTasks();
    at(now).append({ type: 'node.status_changed', cause: 0, nodeId: 'n1', status: 'down', message: '' });
    now += ORPHAN_AFTER_MS + PERIOD;
    startCopy('n1');
    expect(tasksOf(serviceNamed(history.state, 'web')).map((task) => task.observed)).toEqual([
      TaskState.COMPLETE,
      TaskState.ORPHANED,
      TaskState.ORPHANED,
    ]);
  });

  it('are not, when the node comes back', () => {
    runTasks();
    startCopy('n1');
    pass(5 * PERIOD);
    now += ORPHAN_AFTER_MS - 10 * PERIOD;
    pass(20 * PERIOD, 'n1');
    expect(statusOf('n1')).toBe('ready');
    expect(tasksOf(serviceNamed(history.state, 'web'))[1]!.observed).toBe(TaskState.RUNNING);
  });
});

describe('tasks that their node can not be told of', () => {
  const reason = 'its command has 70000 bytes, and the server takes at most 65408';

  function startAlone(maxRecordBytes = 1_000_000) {
    joinReadyNode(history, 'n1');
    const service = createService(history, 'web');
    const tasks = createTasks(history, service, 50);
    assign(history, 'n1', ...tasks);
    const dispatcher = createDispatcher({ heartbeatMs: PERIOD, maxRecordBytes: () => maxRecordBytes });
    dispatcher.echo(history.now, history.now);
    return { dispatcher, tasks };
  }

  const errorsOf = (tasks: readonly string[]) => tasks.map((id) => history.state.tasks.get(id)!.err);

  it('are named together, once for each reason, until their node speaks of them', () => {
    const { dispatcher, tasks } = startAlone();
    const [first, second] = tasks as [string, string];
    expect(settle(history, dispatcher)).toEqual([]);
    const notes = tasks.map((id) => dispatcher.noteUndelivered('n1', id, reason, history.now));
    expect(notes.filter(Boolean)).toHaveLength(1);
    expect(settle(history, dispatcher)).toEqual([]);
    history.wait(250);
    expect(settle(history, dispatcher)).toMatchObject([
      { type: 'tasks.undelivered', nodeId: 'n1', tasks, reason },
    ]);
    expect(new Set(errorsOf(tasks))).toEqual(new Set([`its node can not be told: ${reason}`]));
    dispatcher.noteUndelivered('n1', first, reason, history.now);
    report(history, 'n1', { id: second, state: 'running' });
    dispatcher.noteUndelivered('n1', second, 'the store is full', history.now);
    history.wait(1000);
    expect(settle(history, dispatcher)).toEqual([]);
    dispatcher.noteUndelivered('n1', first, 'the store is full', history.now);
    dispatcher.noteUndelivered('n1', tasks[2]!, 'the store is full', history.now);
    dispatcher.noteUndelivered('n1', tasks[2]!, undefined, history.now);
    history.wait(1000);
    expect(settle(history, dispatcher)).toMatchObject([{ tasks: [first], reason: 'the store is full' }]);
  });

  it('are named as a record allows, and no copy takes another’s reason for news', () => {
    const { dispatcher, tasks } = startAlone(2_000);
    for (const id of tasks) dispatcher.noteUndelivered('n1', id, reason, history.now);
    history.wait(1000);
    const events = settle(history, dispatcher);
    expect(events).toHaveLength(2);
    for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(1_200);
    const other = {
      type: 'tasks.undelivered',
      cause: 0,
      nodeId: 'n1',
      tasks,
      reason: 'another limit',
    } as const;
    history.append(other);
    expect(settle(history, dispatcher)).toEqual([]);
  });
});

it('names lost tasks as a record allows', () => {
  joinReadyNode(history, 'n1');
  const tasks = createTasks(history, createService(history, 'web'), 100);
  assign(history, 'n1', ...tasks);
  history.append({ type: 'node.status_changed', cause: 1, nodeId: 'n1', status: 'down', message: '' });
  history.wait(ORPHAN_AFTER_MS);
  const dispatcher = createDispatcher({ heartbeatMs: PERIOD, maxRecordBytes: () => 2_048 });
  const events = settle(history, dispatcher);
  expect(events.map((event) => 'tasks' in event && event.tasks.length)).toEqual([36, 36, 28]);
});
