import {
  allocateNetwork,
  allocateTasks,
  assign,
  createNetwork,
  createService,
  createTasks,
  desire,
  type History,
  joinReadyNode,
  report,
  serviceNamed,
  startHistory,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerQuery } from './answer.ts';

let history: History;
let [networkId, web, db] = ['', '', ''];

beforeEach(() => {
  history = startHistory({ wire: 2 });
  const network = createNetwork(history, 'front');
  networkId = network.id;
  allocateNetwork(history, network, 1, '10.0.3.0/24');
  joinReadyNode(history, 'one', { addr: '192.0.2.1', networks: ['overlay'] });
  const services = ['web', 'db'].map((name) => createService(history, name, { networks: [networkId] }));
  history.append({ type: 'node.allocated', cause: 0, nodeId: 'one', number: 1, blocks: [], tasks: [] });
  [web, db] = services.map((service) => createTasks(history, service)[0]!) as [string, string];
  assign(history, 'one', web, db);
  allocateTasks(history, 'one', { [web]: { [networkId]: '10.0.3.66' }, [db]: { [networkId]: '10.0.3.67' } }, [
    [networkId, '10.0.3.64/26'],
  ]);
  report(history, 'one', { id: web, state: 'running' }, { id: db, state: 'running' });
});

function way(from: string, to: string) {
  return answerQuery(history.state, 'network.way', { from, to });
}

describe('a way', () => {
  it('leads from a task, or its address, to whoever takes traffic for a service', () => {
    const found = way('web.1', 'DB');
    expect(found).toMatchObject({
      ok: true,
      answer: {
        from: { id: web, state: 'running', node: { hostname: 'one', underlay: '192.0.2.1' } },
        fromNetworks: ['front'],
        to: { kind: 'service', name: 'db', running: 1, networks: ['front'] },
        networks: [{ name: 'front', names: ['db'], endpoints: [{ taskId: db, address: '10.0.3.67' }] }],
      },
    });
    expect(way('10.0.3.66', 'db')).toEqual(found);
  });

  it('leads to a task by name or address, and to nobody that stops', () => {
    expect(way('web.1', '10.0.3.67')).toMatchObject({ answer: { to: { kind: 'task', id: db } } });
    desire(history, serviceNamed(history.state, 'db'), 'shutdown', db);
    expect(way('web.1', 'db.1')).toMatchObject({
      answer: { to: { kind: 'task', tasks: [{ desired: 'shutdown' }] }, networks: [{ endpoints: [] }] },
    });
  });

  it('shares no network with who is on none', () => {
    createTasks(history, createService(history, 'lone'));
    expect(way('web.1', 'lone')).toMatchObject({ answer: { to: { networks: [] }, networks: [] } });
  });

  it('is refused for whom nobody knows', () => {
    const refusal = (from: string, to: string) => way(from, to) as { refusal?: { message: string } };
    expect(refusal('nope.1', 'db').refusal?.message).toBe('no such task: nope.1');
    expect(refusal('10.0.3.99', 'db').refusal?.message).toBe('no task has the address 10.0.3.99');
    expect(refusal('web.1', 'nope').refusal?.message).toBe('no such service or task: nope');
    expect(refusal('web.1', '10.9.9.9').refusal?.message).toBe(
      'neither a task nor a service has the address 10.9.9.9',
    );
  });
});
