import {
  assign,
  coverNodes,
  createService,
  createTasks,
  desire as desireHere,
  type History,
  joinReadyNode,
  removeNode,
  report,
  startHistory,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Deployed, deploy, desire, reap } from '../deploy.fixture.ts';
import { type CommandView, createCommandView } from './command-view.ts';
import { type CommandPut, deriveCommands } from './derive-commands.ts';
import { createStrays, type Strays } from './strays.ts';

let history: History;
let view: CommandView;
let strays: Strays;
let web: Deployed;
let task: string;
let seq: number;

beforeEach(() => {
  history = startHistory();
  view = createCommandView();
  strays = createStrays();
  joinReadyNode(history, 'n1');
  joinReadyNode(history, 'n2');
  web = deploy(history, 'web', 2);
  task = web.tasks[0]!;
  seq = 0;
});

function derive(taskId = task): CommandPut[] {
  for (const node of history.state.nodes.keys()) strays.update(history.state, node);
  return deriveCommands(history.state, view, strays, taskId);
}

/** Derives, and has the store take it. */
function command(taskId = task): CommandPut[] {
  const puts = derive(taskId);
  for (const {
    nodeId,
    command: { basis, type },
  } of puts) {
    seq += 1;
    view.note(taskId, { nodeId, seq, basis, forget: type === 'forget' });
  }
  return puts;
}

function end(taskId = task): void {
  desire(history, web, 'remove', taskId);
  report(history, 'n1', { id: taskId, state: 'shutdown' });
}

describe('a task', () => {
  it('is not spoken of before it has a node', () => {
    expect(derive()).toEqual([]);
  });

  it('is given to its node, whole', () => {
    const assigned = assign(history, 'n1', task);
    const { service, version } = history.state.tasks.get(task)!;
    expect(derive()).toEqual([
      {
        nodeId: 'n1',
        taskId: task,
        expectLastSeq: 0,
        command: {
          v: 1,
          type: 'task',
          basis: assigned,
          desired: 'running',
          task: {
            id: task,
            name: `web.1.${task}`,
            slot: 1,
            service: { id: service.id, name: 'web', labels: { tier: 'front' } },
            spec: version.spec,
            ports: [{ protocol: 'tcp', targetPort: 80, publishedPort: 30001, publishMode: 'host' }],
          },
        },
      },
    ]);
  });

  it('is given in the form in which it was decided, with the cluster whose it is', () => {
    history.append({ type: 'cluster.created', cause: 0, clusterId: 'clusterid', name: 'muster' });
    assign(history, 'n1', task);
    const { version } = history.state.tasks.get(task)!;
    expect(derive()).toMatchObject([{ command: { cluster: 'clusterid' } }]);
    Object.assign(version.storedSpec, { wire: 3, content: { taskTemplate: { older: true } } });
    expect(derive()).toMatchObject([{ command: { wire: 3, task: { spec: { older: true } } } }]);
  });

  it('is given with its team, outside the default one', () => {
    const service = createService(history, 'web', {}, { team: 'blue' });
    const [theirs] = createTasks(history, service);
    assign(history, 'n1', theirs!);
    expect(derive(theirs)).toMatchObject([{ command: { task: { service: { name: 'web', team: 'blue' } } } }]);
  });

  it('is not given twice', () => {
    assign(history, 'n1', task);
    command();
    expect(derive()).toEqual([]);
  });

  it('is given again when the store has lost it', () => {
    assign(history, 'n1', task);
    command();
    view.drop(task, 'n1', 1);
    expect(derive()).toMatchObject([{ expectLastSeq: 0, command: { type: 'task' } }]);
  });

  it('is told when something else is wanted of it, in place of what was said before', () => {
    assign(history, 'n1', task);
    command();
    const wanted = desire(history, web, 'shutdown', task);
    expect(derive()).toMatchObject([
      { nodeId: 'n1', expectLastSeq: 1, command: { type: 'task', basis: wanted, desired: 'shutdown' } },
    ]);
  });

  it('is given to its node even if it is to end before it was ever given', () => {
    assign(history, 'n1', task);
    desire(history, web, 'shutdown', task);
    expect(derive()).toMatchObject([{ nodeId: 'n1', command: { type: 'task', desired: 'shutdown' } }]);
  });

  it('needs no command for what its agent reports', () => {
    assign(history, 'n1', task);
    command();
    report(history, 'n1', { id: task, state: 'failed', err: 'no luck' });
    expect(derive()).toEqual([]);
  });

  it('is left to a dispatcher that knows of a later decision', () => {
    const assigned = assign(history, 'n1', task);
    view.note(task, { nodeId: 'n1', seq: 9, basis: assigned + 5, forget: false });
    expect(derive()).toEqual([]);
  });
});

describe('a command that follows from more than is known here', () => {
  it('is not taken back', () => {
    view.note(task, { nodeId: 'n2', seq: 1, basis: history.state.head, forget: false });
    expect(derive()).toEqual([]);
  });
});

describe('a task that is over', () => {
  beforeEach(() => {
    assign(history, 'n1', task);
    command();
    end();
    command();
    reap(history, web, task);
  });

  it('is to be forgotten where it was', () => {
    expect(derive()).toEqual([
      {
        nodeId: 'n1',
        taskId: task,
        expectLastSeq: 2,
        command: { v: 1, type: 'forget', basis: history.state.head },
      },
    ]);
  });

  it('is forgotten once', () => {
    command();
    expect(derive()).toEqual([]);
  });

  it('is not called for when the command is gone from the store', () => {
    command();
    view.drop(task, 'n1', 3);
    expect(derive()).toEqual([]);
  });
});

describe('a task that a node should not know', () => {
  it('is to be forgotten there, though nothing was ever said of it', () => {
    report(history, 'n2', { id: 'x'.repeat(25), state: 'running' });
    expect(derive('x'.repeat(25))).toMatchObject([
      { nodeId: 'n2', expectLastSeq: 0, command: { type: 'forget', basis: history.state.head } },
    ]);
  });

  it('is to be forgotten there, and kept where it belongs', () => {
    assign(history, 'n1', task);
    report(history, 'n2', { id: task, state: 'running' });
    expect(derive().map(({ nodeId, command: { type } }) => `${nodeId} ${type}`)).toEqual([
      'n1 task',
      'n2 forget',
    ]);
    command();
    expect(derive()).toEqual([]);
  });

  it('is forgotten again when it is reported after it was forgotten', () => {
    assign(history, 'n1', task);
    command();
    end();
    reap(history, web, task);
    command();
    report(history, 'n1', { id: task, state: 'running' });
    expect(derive()).toMatchObject([{ nodeId: 'n1', expectLastSeq: 2, command: { type: 'forget' } }]);
    command();
    expect(derive()).toEqual([]);
  });

  it('is forgotten once though its old command is there as well', () => {
    view.note(task, { nodeId: 'n2', seq: 1, basis: 1, forget: false });
    report(history, 'n2', { id: task, state: 'running' });
    expect(derive()).toMatchObject([{ nodeId: 'n2', expectLastSeq: 1, command: { type: 'forget' } }]);
  });

  it('is not forgotten over and over by the other reports of its node', () => {
    report(history, 'n2', { id: 'x'.repeat(25), state: 'running' });
    command('x'.repeat(25));
    report(history, 'n2');
    expect(derive('x'.repeat(25))).toEqual([]);
  });

  it('is forgotten again when the agent started anew', () => {
    report(history, 'n2', { id: 'x'.repeat(25), state: 'running' });
    command('x'.repeat(25));
    const { description } = history.state.nodes.get('n2')!;
    history.append({ type: 'node.joined', cause: 0, nodeId: 'n2', session: 'another', description });
    expect(derive('x'.repeat(25))).toMatchObject([{ nodeId: 'n2', command: { type: 'forget' } }]);
  });

  it('is done with when the node says that it is gone', () => {
    const { session } = history.state.nodes.get('n2')!;
    report(history, 'n2', { id: 'x'.repeat(25), state: 'running' });
    command('x'.repeat(25));
    history.append({ type: 'tasks.reported', cause: 0, nodeId: 'n2', session, gone: ['x'.repeat(25)] });
    view.drop('x'.repeat(25), 'n2', 1);
    expect(derive('x'.repeat(25))).toEqual([]);
  });

  it('is given to that node after all when it is assigned there', () => {
    report(history, 'n2', { id: task, state: 'running' });
    command();
    assign(history, 'n2', task);
    expect(derive()).toMatchObject([{ nodeId: 'n2', expectLastSeq: 1, command: { type: 'task' } }]);
  });
});

describe('a node that is removed', () => {
  beforeEach(() => {
    history = startHistory({ wire: 2 });
    joinReadyNode(history, 'n1');
    const service = createService(history, 'api');
    task = createTasks(history, service)[0]!;
    assign(history, 'n1', task);
    report(history, 'n1', { id: task, state: 'running' });
    command();
  });

  it('is told to forget what it has, whatever becomes of the task', () => {
    removeNode(history, 'n1');
    expect(command()).toMatchObject([{ nodeId: 'n1', taskId: task, command: { type: 'forget' } }]);
    expect(command()).toEqual([]);
  });

  it('is told nothing more when it joins as a new one', () => {
    removeNode(history, 'n1');
    command();
    history.append({
      type: 'node.joined',
      cause: 0,
      nodeId: 'n1',
      session: 'another',
      description: history.state.removedNodes.get('n1')!.description,
    });
    expect(history.state.nodes.get('n1')).toMatchObject({ removed: false, status: 'unknown' });
    expect(command()).toEqual([]);
    const { service } = history.state.tasks.get(task)!;
    desireHere(history, service, 'remove', task);
    expect(command()).toEqual([]);
  });
});

it('names the task of a global service by its node, and by no slot', () => {
  history = startHistory({ wire: 2 });
  joinReadyNode(history, 'n1');
  const service = createService(history, 'log', { mode: 'global' });
  const [id] = coverNodes(history, service);
  assign(history, 'n1', id!);
  expect(derive(id)).toMatchObject([{ command: { task: { id, name: `log.n1.${id}`, slot: 0 } } }]);
});
