import { describe, expect, it } from 'vitest';
import { IPV4, IPV6 } from '../addressing.ts';
import { inIpv6 } from '../ipv6-plan.ts';
import type { NetworkPlan } from '../plan.ts';
import { nameRouter } from '../router-names.ts';
import { forgetFlow, isAstray, isStale, parseFlows } from './flows.ts';
import { writeHostTable } from './host-table.ts';
import { writeRouterTable } from './router-table.ts';
import { renderChange, renderTable } from './table.ts';

const plan: NetworkPlan = {
  node: { number: 1, underlay: '10.90.0.1' },
  networks: [
    { id: 'front', number: 1, subnet: '10.0.1.0/24', internal: false },
    { id: 'back', number: 2, subnet: '10.0.2.0/24', internal: true },
  ],
  peers: [{ number: 2, underlay: '10.90.0.2', blocks: [{ network: 1, block: '10.0.1.64/26' }] }],
  attachments: [
    { taskId: 't1', networkId: 'front', address: '10.0.1.7', netns: '/proc/7/ns/net', interface: 'eth0' },
    { taskId: 't1', networkId: 'back', address: '10.0.2.7', netns: '/proc/7/ns/net', interface: 'eth1' },
  ],
  services: [{ networkId: 'front', vip: '10.0.1.250', endpoints: ['10.0.1.7', '10.0.1.70'] }],
  published: [
    { protocol: 'tcp', port: 8080, target: 80, endpoints: ['10.0.1.7'] },
    { protocol: 'sctp', port: 9000, target: 9001, endpoints: ['10.0.1.7', '10.0.1.70'] },
    { protocol: 'udp', port: 53, target: 53, endpoints: [] },
  ],
};
const machine = { router: '169.254.9.2', hostAddresses: ['10.90.0.1'], held: new Set(['tcp . 8080']) };
const table = writeRouterTable(plan, machine, IPV4);
const names = nameRouter('cluster', 'node');

describe('the table of a router', () => {
  const text = renderTable(table).split('\n');

  it('takes the place of the one before at one stroke', () => {
    expect(text.slice(0, 3)).toEqual([
      'add table ip muster',
      'delete table ip muster',
      'add table ip muster',
    ]);
  });

  it('takes turns among endpoints, and knows a port by its protocol, SCTP too', () => {
    expect(text).toContain(
      'add rule ip muster vip_10_0_1_250 dnat to numgen inc mod 2 map { 0 : 10.0.1.7, 1 : 10.0.1.70 }',
    );
    expect(text).toContain(
      'add rule ip muster port_sctp_9000 meta l4proto sctp dnat to numgen inc mod 2 map { 0 : 10.0.1.7 . 9001, 1 : 10.0.1.70 . 9001 }',
    );
  });

  it('leads nowhere where nobody is', () => {
    expect(text).toContain(
      'add element ip muster ports { tcp . 8080 : goto port_tcp_8080, sctp . 9000 : goto port_sctp_9000 }',
    );
    expect(table.chains.has('port_udp_53')).toBe(false);
  });

  it('knows every address that a task may meet itself by', () => {
    expect([...table.collections.get('themselves')!.elements.keys()]).toEqual([
      '10.0.1.7 . 10.0.1.7',
      '10.0.1.7 . 10.0.2.7',
      '10.0.2.7 . 10.0.1.7',
      '10.0.2.7 . 10.0.2.7',
    ]);
  });

  it('lets out of networks that aren’t internal', () => {
    expect([...table.collections.get('way_out')!.elements.keys()]).toEqual(['10.0.1.0/24']);
  });

  it('declares before it uses, and ends a chain after what leads there', () => {
    const without = writeRouterTable({ ...plan, services: [] }, machine, IPV4);
    expect(renderChange(table, without).split('\n')).toEqual([
      'delete element ip muster vips { 10.0.1.250 : goto vip_10_0_1_250 }',
      'flush chain ip muster vip_10_0_1_250',
      'delete chain ip muster vip_10_0_1_250',
    ]);
    expect(renderChange(without, table).split('\n')).toEqual([
      'add chain ip muster vip_10_0_1_250',
      'add rule ip muster vip_10_0_1_250 dnat to numgen inc mod 2 map { 0 : 10.0.1.7, 1 : 10.0.1.70 }',
      'add element ip muster vips { 10.0.1.250 : goto vip_10_0_1_250 }',
    ]);
  });

  it('changes one chain for one service, and nothing for none', () => {
    const services = [{ ...plan.services[0]!, endpoints: ['10.0.1.70'] }];
    expect(renderChange(table, writeRouterTable({ ...plan, services }, machine, IPV4)).split('\n')).toEqual([
      'flush chain ip muster vip_10_0_1_250',
      'add rule ip muster vip_10_0_1_250 dnat to numgen inc mod 1 map { 0 : 10.0.1.70 }',
    ]);
    expect(renderChange(table, writeRouterTable(structuredClone(plan), machine, IPV4))).toBe('');
  });
});

describe('the table of a router in IPv6', () => {
  const dual = {
    ...plan,
    networks: [{ ...plan.networks[0]!, subnet6: 'fd00:1::/64' }, plan.networks[1]!],
  };
  const table6 = writeRouterTable(inIpv6(dual), { ...machine, hostAddresses: ['fd00:90::1'] }, IPV6);
  const elements = (name: string) => [...table6.collections.get(name)!.elements.keys()];

  it('has the same of the networks that have it, and nothing of the others', () => {
    expect(elements('subnets')).toEqual(['fd00:1::/64']);
    expect(elements('owners')).toEqual(['"t0a000107" . fd00:1::a00:107']);
    expect(elements('senders')).toEqual(['02:6d:75:00:00:02 . fd00:1::a00:140/122']);
    expect(elements('vips')).toEqual(['fd00:1::a00:1fa']);
    expect(elements('ports')).toEqual(['tcp . 8080', 'sctp . 9000']);
    expect(elements('elsewhere')).toEqual([]);
    expect(table6.chains.get('vip_fd00_1__a00_1fa')!.rules).toEqual([
      'dnat to numgen inc mod 2 map { 0 : fd00:1::a00:107, 1 : fd00:1::a00:146 }',
    ]);
  });

  it('leads nothing to a network that has none', () => {
    const on = writeRouterTable(inIpv6(plan), machine, IPV6);
    expect(on.collections.get('ports')!.elements.size).toBe(0);
    expect([...on.chains.keys()].filter((name) => /^(vip|port)_/.test(name))).toEqual([]);
  });
});

describe('the table of a host', () => {
  it('leads to the router what is published, ours here, and has somebody behind it', () => {
    const held = new Set(['sctp . 9000', 'udp . 53']);
    const host = writeHostTable(plan, names, { host: '169.254.9.1', router: '169.254.9.2' }, held, IPV4);
    expect([...host.collections.get('ports')!.elements.keys()]).toEqual(['sctp . 9000']);
    expect(host.name).toMatch(/^muster_[0-9a-f]{8}$/);
  });
});

describe('a flow of UDP', () => {
  const said = [
    'udp      17 29 src=10.0.1.9 dst=10.0.1.250 sport=4001 dport=99 [UNREPLIED] src=10.0.1.7 dst=10.0.1.9 sport=99 dport=4001 mark=0 use=1',
    'udp      17 29 src=10.0.1.9 dst=10.0.1.250 sport=4002 dport=99 src=10.0.1.71 dst=10.0.1.9 sport=99 dport=4002 [ASSURED] mark=0 use=1',
    'udp      17 29 src=10.0.1.9 dst=8.8.8.8 sport=4003 dport=53 src=8.8.8.8 dst=169.254.9.2 sport=53 dport=4003 mark=0 use=1',
    'udp      17 29 src=10.90.0.99 dst=169.254.9.2 sport=4004 dport=7000 src=10.0.1.7 dst=10.90.0.99 sport=7001 dport=4004 mark=0 use=1',
  ].join('\n');
  const flows = parseFlows(`${said}\nconntrack v1.4.7 (conntrack-tools): 4 flow entries have been shown.\n`);

  it('is stale where it leads to what is no endpoint', () => {
    expect(flows.map(({ sourcePort }) => sourcePort)).toEqual(['4001', '4002', '4003', '4004']);
    expect(flows.filter(isStale(plan)).map(forgetFlow)).toEqual([
      '-D -f ipv4 -p udp --orig-src 10.0.1.9 --orig-dst 10.0.1.250 --sport 4002 --dport 99',
      '-D -f ipv4 -p udp --orig-src 10.90.0.99 --orig-dst 169.254.9.2 --sport 4004 --dport 7000',
    ]);
    const published = [{ protocol: 'udp', port: 7000, target: 7001, endpoints: ['10.0.1.7'] }] as const;
    expect(flows.filter(isStale({ ...plan, published })).map(({ sourcePort }) => sourcePort)).toEqual([
      '4002',
    ]);
  });

  it('is astray on the host where it passes the router by, or goes there for nothing', () => {
    const flow = { from: '10.90.0.99', sourcePort: '4000', serverPort: '1' };
    const past = { ...flow, to: '10.90.0.1', port: '7000', server: '10.90.0.1' };
    const into = { ...flow, to: '127.0.0.1', port: '7000', server: '169.254.9.2' };
    const through = { ...flow, to: '8.8.8.8', port: '7000', server: '8.8.8.8' };
    const here = new Set(['10.90.0.1']);
    const all = [past, into, through];
    expect(all.filter(isAstray(here, '169.254.9.2', new Set(['udp . 7000'])))).toEqual([past]);
    expect(all.filter(isAstray(here, '169.254.9.2', new Set()))).toEqual([into]);
  });
});
