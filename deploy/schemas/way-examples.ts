// Examples of what is asked and answered about the way of packets.
import type { QueryAnswer } from '@muster/api';

export function exampleWay(ids: {
  readonly taskId: string;
  readonly serviceId: string;
  readonly nodeId: string;
}): QueryAnswer<'network.way'> {
  const networkId = 'networkid0000000000000001';
  const sender = {
    id: ids.taskId,
    name: `web.1.${ids.taskId}`,
    desired: 'running',
    state: 'running',
    err: '',
    addresses: [{ networkId, address: '10.0.3.66' }],
    node: { id: ids.nodeId, hostname: 'one', status: 'ready', underlay: '192.0.2.1' },
  } as const;
  return {
    from: { ...sender, addresses: [...sender.addresses] },
    fromNetworks: ['backend'],
    to: {
      kind: 'service',
      id: ids.serviceId,
      name: 'web',
      service: { id: ids.serviceId, name: 'web' },
      wanted: 1,
      running: 1,
      tasks: [{ ...sender, addresses: [...sender.addresses] }],
      omittedTasks: 0,
      networks: ['backend'],
      ports: [],
    },
    networks: [
      {
        id: networkId,
        name: 'backend',
        internal: false,
        names: ['web', 'www'],
        vip: '10.0.3.7',
        endpoints: [{ taskId: ids.taskId, address: '10.0.3.66' }],
      },
    ],
  };
}

export const networkRequestExamples = (taskId: string) => [
  { name: 'way', payload: { taskId, name: 'web', vip: '10.0.3.7', to: ['10.0.3.66'] } },
];

export const networkAnswerExamples = [
  {
    name: 'open',
    payload: {
      ok: true,
      follows: 12,
      heard: 12,
      resolver: true,
      astray: [],
      task: {
        address: '10.0.3.66',
        astray: [],
        listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 80 }],
      },
      name: { addresses: ['10.0.3.7'] },
      endpoints: ['10.0.3.66'],
      routes: [{ to: '10.0.3.66', way: 'dev t0a000342', isOpen: true }],
    },
  },
  { name: 'without', payload: { ok: false, message: 'the node has no part in networks' } },
];
