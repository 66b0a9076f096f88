// Tasks on networks: told of once they have addresses there.
import type { Network } from '@muster/state';
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
  removeNode,
  removeService,
  startHistory,
} from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { type CommandView, createCommandView } from './command-view.ts';
import { type CommandPut, deriveCommands } from './derive-commands.ts';
import { createStrays } from './strays.ts';

let history: History;
let view: CommandView;
let net: Network;
let task: string;
beforeEach(() => {
  history = startHistory({ wire: 2 });
  view = createCommandView();
  joinReadyNode(history, 'n1');
  net = createNetwork(history, 'net', { internal: true });
  allocateNetwork(history, net, 7, '10.0.7.0/24');
  task = createTasks(history, web())[0]!;
  assign(history, 'n1', task);
});

const web = () =>
  history.state.serviceByName.get('', 'web') ??
  createService(history, 'web', {
    taskTemplate: { containerSpec: { image: 'nginx' }, networks: [{ target: net.id, aliases: ['www'] }] },
  });

const derive = (): CommandPut[] => deriveCommands(history.state, view, createStrays(), task);
const allocate = () =>
  allocateTasks(history, 'n1', { [task]: { [net.id]: '10.0.7.5' } }, [[net.id, '10.0.7.0/28']]);

function note(puts: readonly CommandPut[]): void {
  for (const [index, { nodeId, command }] of puts.entries())
    view.note(task, { nodeId, seq: index + 1, basis: command.basis, forget: command.type === 'forget' });
}

it('its node is told nothing before that, and then where it is', () => {
  expect(derive()).toEqual([]);
  allocate();
  const [put] = derive();
  expect(put).toMatchObject({
    nodeId: 'n1',
    command: {
      basis: history.state.head,
      desired: 'running',
      needs: expect.arrayContaining(['spec.networks']),
      task: {
        networks: [
          {
            id: net.id,
            name: 'net',
            number: 7,
            address: '10.0.7.5',
            prefix: 24,
            aliases: ['www'],
            internal: true,
          },
        ],
      },
    },
  });
  note([put!]);
  expect(derive()).toEqual([]);
});

it('its node is told of the subnet in which it has the twin of its address', () => {
  const subnets = [
    { subnet: '10.0.8.0/24', gateway: '10.0.8.1' },
    { subnet: 'fd00:8::/64', gateway: 'fd00:8::1' },
  ];
  const dual = createNetwork(history, 'dual', { ipv6: true });
  history.append({
    type: 'network.allocated',
    cause: dual.createdSeq,
    networkId: dual.id,
    number: 8,
    subnets,
  });
  const service = createService(history, 'both', {
    taskTemplate: { containerSpec: { image: 'nginx' }, networks: [{ target: dual.id }] },
  });
  const [id] = createTasks(history, service);
  assign(history, 'n1', id!);
  allocateTasks(history, 'n1', { [id!]: { [dual.id]: '10.0.8.5' } }, [[dual.id, '10.0.8.0/28']]);
  expect(deriveCommands(history.state, view, createStrays(), id!)).toMatchObject([
    { command: { task: { networks: [{ address: '10.0.8.5', subnet6: 'fd00:8::/64' }] } } },
  ]);
});

it('one that is to stop before that is told to, and has no networks', () => {
  desire(history, web(), 'shutdown', task);
  const [put] = derive();
  expect(put).toMatchObject({ nodeId: 'n1', command: { desired: 'shutdown' } });
  expect(put!.command).not.toHaveProperty('task.networks');
});

it('goes with its service, and with its node', () => {
  allocate();
  note(derive());
  removeService(history, web());
  expect(derive()).toMatchObject([{ command: { desired: 'remove', task: { networks: [{ id: net.id }] } } }]);
  removeNode(history, 'n1');
  expect(derive()).toMatchObject([{ command: { type: 'forget' } }]);
});
