// A task on a network waits for a node that has a driver for it.
import {
  createNetwork,
  createService,
  createTasks,
  describeNode,
  joinReadyNode,
  settle,
  spreadOf,
  startHistory,
} from '@muster/testing';
import { expect, it } from 'vitest';
import { createScheduler } from '../scheduler.ts';

it('tasks on networks go where there are drivers, and say so until there is one', () => {
  const history = startHistory({ wire: 2 });
  const scheduler = createScheduler();
  for (const id of ['n1', 'n2']) joinReadyNode(history, id, { networks: ['bridge', 'host', 'null'] });
  joinReadyNode(history, 'old');
  const { id } = createNetwork(history, 'backend');
  const deploy = (name: string, ...networks: readonly string[]) => {
    const service = createService(history, name, { networks });
    createTasks(history, service, 3);
    settle(history, scheduler);
    return service;
  };
  const web = deploy('web', id);
  expect(web.unschedulable?.message).toBe('no suitable node (missing network driver on 3 nodes)');
  expect(spreadOf(deploy('plain'))).toEqual({ n1: 1, n2: 1, old: 1 });
  expect(spreadOf(deploy('proxy', 'host'))).not.toHaveProperty('old');
  expect(spreadOf(deploy('alone', 'none'))).not.toHaveProperty('old');

  const description = describeNode('n1', { networks: ['overlay'] });
  history.append({ type: 'node.joined', cause: 0, nodeId: 'n1', session: 'again', description });
  settle(history, scheduler);
  expect(spreadOf(web)).toEqual({ n1: 3 });
});

it('tasks that are published on every node go where there are drivers, without naming a network', () => {
  const history = startHistory({ wire: 2 });
  const scheduler = createScheduler();
  joinReadyNode(history, 'n1', { networks: ['bridge', 'host', 'null'] });
  createNetwork(history, 'mesh', { ingress: true });
  const web = createService(history, 'web', { ports: ['8080:80'] });
  createTasks(history, web);
  settle(history, scheduler);
  expect(web.unschedulable?.message).toBe(
    'no suitable node (missing network driver for a port published with ingress mode on 1 node)',
  );
  joinReadyNode(history, 'n2', { networks: ['overlay'] });
  settle(history, scheduler);
  expect(spreadOf(web)).toEqual({ n2: 1 });
});
