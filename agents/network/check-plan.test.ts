import { expect, it } from 'vitest';
import { checkPlan } from './check-plan.ts';
import type { NetworkPlan } from './plan.ts';
import { nameRouter, pickUplink } from './router-names.ts';

const plan: NetworkPlan = {
  node: { number: 1, underlay: '10.90.0.1' },
  networks: [{ id: 'net', number: 1, subnet: '10.0.1.0/24', internal: false }],
  peers: [{ number: 2, underlay: '10.90.0.2', blocks: [{ network: 1, block: '10.0.1.64/26' }] }],
  attachments: [
    { taskId: 't1', networkId: 'net', address: '10.0.1.7', netns: '/proc/7/ns/net', interface: 'eth0' },
  ],
  services: [{ networkId: 'net', vip: '10.0.1.250', endpoints: ['10.0.1.7'] }],
  published: [{ protocol: 'tcp', port: 8080, target: 80, endpoints: ['10.0.1.7'] }],
};
const [attachment, peer, service, port] = [
  plan.attachments[0]!,
  plan.peers[0]!,
  plan.services[0]!,
  plan.published[0]!,
];

it('finds nothing wrong with a good plan', () => {
  expect(checkPlan(plan)).toEqual([]);
});

it.each<[Partial<NetworkPlan>, string]>([
  [{ node: { number: 0, underlay: '10.90.0.1' } }, '0 is no number of a node'],
  [{ peers: [{ ...peer, number: 1 }] }, 'two nodes have the number 1'],
  [{ peers: [{ ...peer, underlay: '10.90.0.2 dev lo' }] }, '10.90.0.2 dev lo is no address of a node'],
  [
    { networks: [{ ...plan.networks[0]!, subnet: '10.0.1.0/24\nflush' }] },
    '10.0.1.0/24\nflush is no block of addresses',
  ],
  ...['10.0.1.0/24', 'fd00::/97', 'fd00::', 'fd00::/64\nflush'].map(
    (subnet6): [Partial<NetworkPlan>, string] => [
      { networks: [{ ...plan.networks[0]!, subnet6 }] },
      `${subnet6} is no subnet of IPv6`,
    ],
  ),
  [{ attachments: [{ ...attachment, interface: 'eth0; x' }] }, 'eth0; x is no name of an interface'],
  [{ attachments: [{ ...attachment, netns: 'relative' }] }, 'relative is no path of a network namespace'],
  [
    { attachments: [{ ...attachment, networkId: 'other' }] },
    'task t1 is on network other, which the plan has not',
  ],
  [
    { attachments: [attachment, { ...attachment, interface: 'eth1' }] },
    'two tasks have the address 10.0.1.7',
  ],
  [{ services: [{ ...service, endpoints: ['::1'] }] }, '::1 is no address of a service'],
  [{ published: [{ ...port, target: 70_000 }] }, '70000 is no port'],
  [{ published: [port, { ...port, target: 81 }] }, 'two services publish 8080/tcp'],
])('says what can’t be meant: %j', (change, problem) => {
  expect(checkPlan({ ...plan, ...change })).toEqual([problem]);
});

it('names what is of one node as nothing of another, in as many characters as a link’s name has', () => {
  const [one, two] = [nameRouter('cluster', 'one'), nameRouter('cluster', 'two')];
  expect(one.uplink).toHaveLength(14);
  expect(one.vni).toBe(two.vni);
  expect([one.netns, one.uplink, one.hostTable]).not.toEqual([two.netns, two.uplink, two.hostTable]);
});

it('takes addresses for the uplink that nobody has', () => {
  const first = pickUplink(64, () => false);
  expect(first).toEqual({ host: '169.254.3.1', router: '169.254.3.2' });
  expect(pickUplink(64, (address) => address === first.host)).toEqual({
    host: '169.254.3.5',
    router: '169.254.3.6',
  });
  expect(() => pickUplink(64, () => true)).toThrow('no link-local address is free');
});
