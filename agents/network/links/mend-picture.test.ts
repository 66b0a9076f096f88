import { describe, expect, it } from 'vitest';
import type { NetworkPlan } from '../plan.ts';
import { findWrongLinks, mendPicture } from './mend-picture.ts';
import { emptyPicture, withoutLinks } from './picture.ts';
import { drawRouter } from './router-picture.ts';
import { drawTask } from './task-picture.ts';

const underlay = {
  mtu: 1500,
  vni: 77,
  uplink: { host: '169.254.9.1', router: '169.254.9.2' },
  uplink6: { host: 'fd6d::1', router: 'fd6d::2' },
};
const networks: NetworkPlan['networks'] = [
  { id: 'front', number: 1, subnet: '10.0.1.0/24', block: '10.0.1.0/26', internal: false },
  { id: 'back', number: 2, subnet: '10.0.2.0/24', block: '10.0.2.0/26', internal: true },
];
const task = {
  taskId: 't1',
  networkId: 'front',
  address: '10.0.1.7',
  netns: '/proc/7/ns/net',
  interface: 'eth0',
};
const plan: NetworkPlan = {
  node: { number: 1, underlay: '10.90.0.1' },
  networks,
  peers: [{ number: 300, underlay: '10.90.0.2', blocks: [{ network: 1, block: '10.0.1.64/26' }] }],
  attachments: [task],
  services: [],
  published: [],
};
const router = drawRouter(plan, underlay);
const isOf6 = (line: string) => / ?fd[0-9a-f]{2}:/.test(line);
const of4 = (lines: ReadonlySet<string>) => [...lines].filter((line) => !isOf6(line));

describe('the router of a plan', () => {
  it('has the ways to tasks, blocks and out, and back through each node', () => {
    expect(of4(router.routes)).toEqual([
      'default via 169.254.9.1 dev uplink',
      'unreachable 10.0.1.0/24',
      'unreachable 10.0.2.0/24',
      '10.0.1.64/26 via 169.254.129.44 dev vx0 onlink',
      '10.0.1.7/32 dev t0a000107',
      'default via 169.254.129.44 dev vx0 onlink table 100300',
    ]);
    expect([...router.rules]).toEqual([
      'pref 999 fwmark 0/0xffffff lookup main',
      'pref 1000 fwmark 0x12c lookup 100300',
    ]);
    expect([...router.forwarding]).toEqual(['02:6d:75:00:01:2c dev vx0 dst 10.90.0.2']);
    expect(of4(router.neighbours)).toEqual([
      '169.254.9.1 lladdr 02:6d:75:fe:ff:01 dev uplink',
      '169.254.129.44 lladdr 02:6d:75:00:01:2c dev vx0',
      '10.0.1.7 lladdr 02:42:0a:00:01:07 dev t0a000107',
    ]);
  });

  it('leaves room for what the overlay adds', () => {
    expect([...router.links].map(([name, { mtu }]) => [name, mtu])).toEqual([
      ['lo', undefined],
      ['uplink', 1500],
      ['vx0', 1450],
      ['t0a000107', 1450],
    ]);
  });
});

describe('the router of a plan in both families', () => {
  const dual = { ...plan, networks: [{ ...networks[0]!, subnet6: 'fd00:1::/64' }, networks[1]!] };
  const both = drawRouter(dual, underlay);

  it('has the same ways again, over the same links', () => {
    expect([...both.links]).toEqual([...router.links]);
    expect([...both.routes].filter(isOf6)).toEqual([
      'default via fd6d::1 dev uplink',
      'unreachable fd00:1::/64',
      'fd00:1::a00:140/122 via fd6d:7573:7465:7201::12c dev vx0 onlink',
      'fd00:1::a00:107/128 dev t0a000107',
      'default via fd6d:7573:7465:7201::12c dev vx0 onlink table 100300',
    ]);
    expect(of4(both.routes)).toEqual(of4(router.routes));
    expect(both.rules6).toEqual(both.rules);
  });

  it('is mended in one family without the other', () => {
    const { ip, ip6 } = mendPicture(router, both);
    expect(ip).toEqual([
      'neighbour replace fd00:1::a00:107 lladdr 02:42:0a:00:01:07 dev t0a000107 nud permanent',
      'route replace unreachable fd00:1::/64 proto 77',
      'route replace fd00:1::a00:140/122 via fd6d:7573:7465:7201::12c dev vx0 onlink proto 77',
      'route replace fd00:1::a00:107/128 dev t0a000107 proto 77',
    ]);
    expect(ip6).toEqual([]);
    expect(mendPicture(emptyPicture, both).ip).toContain('address replace fd6d::2/126 dev uplink nodad');
    expect(mendPicture(emptyPicture, both).ip6).toContain(
      'rule add pref 1000 fwmark 0x12c lookup 100300 protocol 77',
    );
    expect(mendPicture(both, both)).toEqual({ ip: [], ip6: [], bridge: [] });
  });
});

describe('a task', () => {
  const byId = new Map(networks.map((network) => [network.id, network]));
  const draw = (...attachments: readonly (typeof task)[]) =>
    drawTask({ attachments, networks: byId }, { attachments: [], networks: byId }, 1450);

  it('has one way with one network', () => {
    const picture = draw(task);
    expect([...picture.routes]).toEqual([
      'default via 169.254.1.1 dev eth0 onlink src 10.0.1.7',
      '10.0.1.0/24 via 169.254.1.1 dev eth0 onlink src 10.0.1.7',
    ]);
    expect(picture.rules.size).toBe(0);
  });

  it('sends by the interface whose address a packet has, and to the world by a network that leads there', () => {
    const inner = { ...task, networkId: 'back', address: '10.0.2.7' };
    const picture = draw(inner, { ...task, interface: 'eth1' });
    expect([...picture.routes]).toEqual([
      'default via 169.254.1.1 dev eth1 onlink src 10.0.1.7',
      '10.0.2.0/24 via 169.254.1.1 dev eth0 onlink src 10.0.2.7',
      '10.0.1.0/24 via 169.254.1.1 dev eth1 onlink src 10.0.1.7',
      'default via 169.254.1.1 dev eth0 onlink table 1000 src 10.0.2.7',
      'default via 169.254.1.1 dev eth1 onlink table 1001 src 10.0.1.7',
    ]);
    expect([...picture.rules]).toEqual([
      'pref 1000 from 10.0.2.7 lookup 1000',
      'pref 1000 from 10.0.1.7 lookup 1001',
    ]);
  });
});

describe('mending', () => {
  it('does nothing where all is as it should be', () => {
    expect(mendPicture(router, router)).toEqual({ ip: [], ip6: [], bridge: [] });
    expect(findWrongLinks(router, router)).toEqual({ surplus: new Set(), missing: new Set() });
  });

  it('says everything of what is new', () => {
    const { ip, bridge } = mendPicture(emptyPicture, router);
    expect(ip).toContain('link set t0a000107 alias "task t1 network front"');
    expect(ip).toContain('link set t0a000107 up');
    expect(ip).toContain('route replace unreachable 10.0.2.0/24 proto 77');
    expect(ip).toContain('rule add pref 1000 fwmark 0x12c lookup 100300 protocol 77');
    expect(bridge).toEqual(['fdb replace 02:6d:75:00:01:2c dev vx0 dst 10.90.0.2 self permanent']);
  });

  it('replaces what leads elsewhere, without a moment in between', () => {
    const moved = drawRouter({ ...plan, peers: [{ ...plan.peers[0]!, number: 301 }] }, underlay);
    const { ip } = mendPicture(router, moved);
    expect(ip).toContain('route replace 10.0.1.64/26 via 169.254.129.45 dev vx0 onlink proto 77');
    expect(ip.filter((line) => line.startsWith('route del') && !isOf6(line))).toEqual([
      'route del default via 169.254.129.44 dev vx0 onlink table 100300 proto 77',
    ]);
  });

  it('takes what went with a link for gone', () => {
    const without = drawRouter({ ...plan, attachments: [] }, underlay);
    expect(mendPicture(router, without).ip).toEqual([]);
    expect(findWrongLinks(router, without).surplus).toEqual(new Set(['t0a000107']));
    expect(withoutLinks(router, new Set(['t0a000107']))).toEqual(without);
  });

  it('makes a link anew that is for another task, or sends from elsewhere', () => {
    const other = drawRouter({ ...plan, attachments: [{ ...task, taskId: 't2' }] }, underlay);
    expect(findWrongLinks(router, other).missing).toEqual(new Set(['t0a000107']));
    const elsewhere = drawRouter({ ...plan, node: { number: 1, underlay: '10.90.0.9' } }, underlay);
    expect(findWrongLinks(router, elsewhere).missing).toEqual(new Set(['vx0']));
  });
});
