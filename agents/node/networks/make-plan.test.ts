import type { NetworkEndpoints, ServiceEndpoints } from '@muster/events';
import { describe, expect, it } from 'vitest';
import type { EndpointTables } from '../endpoints/endpoint-tables.ts';
import { makeAskers, makeNames } from './make-names.ts';
import { makePlan, type PlacedTask } from './make-plan.ts';

const here = { id: 'here', underlay: '192.168.0.1' };
const there = { id: 'there', number: 2, underlay: '192.168.0.2', blocks: ['10.0.1.64/26'] };

function network(id: string, nodes: NetworkEndpoints['nodes'], more: object = {}): NetworkEndpoints {
  const subnets = [{ subnet: '10.0.1.0/24', gateway: '10.0.1.1' }];
  const described = { id, name: `${id}net`, number: 7, internal: false, subnets, ...more };
  return { v: 1, basis: 5, type: 'network', network: described, nodes };
}

function service(
  name: string,
  address: string | undefined,
  tasks: readonly string[],
  basis = 6,
): ServiceEndpoints {
  return {
    v: 1,
    basis,
    type: 'service',
    service: { id: name, name },
    ...(address !== undefined && { address }),
    aliases: ['front'],
    tasks: tasks.map((at, index) => ({
      id: `${name}${index}`,
      slot: index,
      name: `${name}.${index}`,
      address: at,
      node: 2,
    })),
  };
}

function tables(
  networks: readonly NetworkEndpoints[],
  services: readonly ServiceEndpoints[] = [],
): EndpointTables {
  return {
    networks: new Map(networks.map((one) => [one.network.id, one])),
    services: new Map([['a', new Map(services.map((one) => [one.service.id, one]))]]),
  };
}

const task: PlacedTask = {
  taskId: 't1',
  netns: '/proc/9/ns/net',
  networks: [{ id: 'a', name: 'anet', number: 7, address: '10.0.1.5', prefix: 24, internal: false }],
  ports: [{ protocol: 'tcp', targetPort: 80, publishedPort: 8080 }],
};
const own = { id: 'here', number: 1, underlay: here.underlay, blocks: ['10.0.1.0/26'] };

describe('the plan of a node', () => {
  it('is none before the cluster has given the node its number', () => {
    expect(makePlan(here, [task], tables([]))).toBeUndefined();
    expect(makePlan(here, [task], tables([network('a', [there])]))).toBeUndefined();
  });

  it('has its tasks, its part of networks, the other nodes, and services', () => {
    const plan = makePlan(
      here,
      [task],
      tables([network('a', [own, there])], [service('web', '10.0.1.200', ['10.0.1.70'])]),
    );
    expect(plan).toEqual({
      node: { number: 1, underlay: here.underlay },
      networks: [{ id: 'a', number: 7, subnet: '10.0.1.0/24', internal: false, block: '10.0.1.0/26' }],
      peers: [{ number: 2, underlay: '192.168.0.2', blocks: [{ network: 7, block: '10.0.1.64/26' }] }],
      attachments: [
        { taskId: 't1', networkId: 'a', address: '10.0.1.5', netns: task.netns, interface: 'eth0' },
      ],
      services: [{ networkId: 'a', vip: '10.0.1.200', endpoints: ['10.0.1.70'] }],
      published: [{ protocol: 'tcp', port: 8080, target: 80, endpoints: ['10.0.1.5'] }],
    });
  });

  it('leaves out networks that the node has no part in, and takes from a task what no table says yet', () => {
    const other = network('b', [own], {
      number: 8,
      subnets: [{ subnet: '10.0.2.0/24', gateway: '10.0.2.1' }],
    });
    const plan = makePlan(here, [task], tables([other], [service('web', '10.0.1.200', [])]))!;
    expect(plan.networks.map(({ id, subnet }) => [id, subnet])).toEqual([
      ['b', '10.0.2.0/24'],
      ['a', '10.0.1.0/24'],
    ]);
    expect(makePlan(here, [], tables([network('a', [there]), other]))!.networks).toHaveLength(1);
  });

  it('has IPv6 where the network does, by its table or by a task', () => {
    const subnets = [
      { subnet: '10.0.1.0/24', gateway: '10.0.1.1' },
      { subnet: 'fd00:1::/64', gateway: 'fd00:1::a00:101' },
    ];
    const dual = { ...task, networks: task.networks.map((one) => ({ ...one, subnet6: 'fd00:1::/64' })) };
    const other = network('b', [own], { subnets: [{ subnet: '10.0.2.0/24', gateway: '10.0.2.1' }] });
    for (const said of [network('a', [own], { subnets }), other])
      expect(makePlan(here, [dual], tables([said]))!.networks.at(-1)).toMatchObject({
        subnet: '10.0.1.0/24',
        subnet6: 'fd00:1::/64',
      });
    const [names] = makeNames(
      [dual],
      tables([network('a', [own], { subnets })], [service('web', '10.0.1.200', ['10.0.1.70'])]),
    );
    expect(names).toMatchObject({
      subnets: ['10.0.1.0/24', 'fd00:1::/64'],
      names: {
        web: ['10.0.1.200', 'fd00:1::a00:1c8'],
        'tasks.web': ['10.0.1.70', 'fd00:1::a00:146'],
      },
      hosts: { 'fd00:1::a00:146': 'web.0.anet', 'fd00:1::a00:1c8': 'web.anet' },
    });
  });

  it('answers on what is published on every node, whoever runs the tasks; a port is one service’s', () => {
    const ingress = network('a', [{ ...own, blocks: [] }, there]);
    const ports = [{ protocol: 'udp' as const, published: 53, target: 5353 }];
    const said = tables(
      [{ ...ingress, network: { ...ingress.network, ingress: true } }],
      [
        { ...service('old', undefined, ['10.0.1.71'], 6), ports },
        { ...service('new', undefined, ['10.0.1.70'], 9), ports },
      ],
    );
    expect(makePlan(here, [], said)).toMatchObject({
      networks: [{ id: 'a', ingress: true }],
      peers: [{ number: 2 }],
      published: [{ protocol: 'udp', port: 53, target: 5353, endpoints: ['10.0.1.70'] }],
    });
    expect(makeNames([task], said)).toMatchObject([{ network: 'a', names: {} }]);
  });

  it('gives an address or a number that two claim to the one that follows from more of the log', () => {
    const said = tables(
      [network('a', [own, there])],
      [service('new', '10.0.1.200', ['10.0.1.71'], 9), service('old', '10.0.1.200', ['10.0.1.70'], 6)],
    );
    expect(makePlan(here, [], said)!.services).toEqual([
      { networkId: 'a', vip: '10.0.1.200', endpoints: ['10.0.1.71'] },
    ]);
    const later = {
      ...network('b', [own, { ...there, id: 'after', underlay: '192.168.0.3' }], { number: 8 }),
      basis: 9,
    };
    expect(makePlan(here, [], tables([network('a', [own, there]), later]))!.peers).toEqual([
      { number: 2, underlay: '192.168.0.3', blocks: [{ network: 8, block: '10.0.1.64/26' }] },
    ]);
  });
});

describe('the names of a node', () => {
  it('are those of the networks that its tasks are on', () => {
    const said = tables(
      [network('a', [own]), network('b', [own])],
      [service('Web', '10.0.1.200', ['10.0.1.70'])],
    );
    const [names, ...rest] = makeNames([task], said);
    expect(rest).toEqual([]);
    expect(names).toMatchObject({
      network: 'a',
      names: {
        web: ['10.0.1.200'],
        front: ['10.0.1.200'],
        'tasks.web': ['10.0.1.70'],
        'web.0': ['10.0.1.70'],
      },
      hosts: { '10.0.1.70': 'Web.0.anet', '10.0.1.200': 'Web.anet' },
    });
  });

  it('lead to the tasks of a service without an address, and exist where it has none', () => {
    const said = tables([network('a', [own])], [service('web', undefined, ['10.0.1.70', '10.0.1.71'])]);
    expect(makeNames([task], said)[0]!.names.web).toEqual(['10.0.1.70', '10.0.1.71']);
    expect(
      makeNames([task], tables([network('a', [own])], [service('web', undefined, [])]))[0]!.names.web,
    ).toEqual([]);
  });

  it('are asked for from each address of a task, for all of its networks', () => {
    expect(makeAskers([task])).toEqual({ v: 1, askers: { '10.0.1.5': { networks: ['a'] } } });
    const nameservers = ['192.0.2.1'];
    expect(makeAskers([{ ...task, nameservers }])).toEqual({
      v: 1,
      askers: { '10.0.1.5': { networks: ['a'], nameservers } },
    });
  });
});
