// Networks, services on them and their tasks as the allocator deals with them, round after round.
import { composeEvent, type EventDraft } from '@muster/events';
import { type NetworkSpec, parseSubnet } from '@muster/model';
import type { Reducer } from '@muster/runtime';
import { type ClusterState, findPlace, type Network, type Service } from '@muster/state';
import {
  allocateNetwork,
  allocateTasks,
  appendDecision,
  assign,
  changeStatus,
  createNetwork,
  createService,
  createTasks,
  decideOnce,
  desire,
  type History,
  joinReadyNode,
  removeNetwork,
  removeNode,
  removeService,
  report,
  settle,
  startHistory,
  updateService,
} from '@muster/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAllocator } from '../allocator.ts';

let history: History;
let allocator: Reducer;
beforeEach(() => {
  history = startHistory({ wire: 2 });
  allocator = createAllocator();
  for (const id of ['n1', 'n2', 'n3']) joinReadyNode(history, id);
});

const given = (name: string, ...subnets: string[]) =>
  createNetwork(history, name, { ipam: { configs: subnets.map((subnet) => ({ subnet })) } });
const subnetsOf = ({ subnets }: Network) => subnets.map(({ subnet }) => subnet);
const settleAll = () => settle(history, allocator);

function bodyOn(mode: 'vip' | 'dnsrr', ...networks: Network[]) {
  const targets = networks.map(({ id }) => ({ target: id }));
  return {
    taskTemplate: { containerSpec: { image: 'busybox' }, networks: targets },
    endpointSpec: { mode },
  };
}

function serveOn(name: string, ...networks: Network[]): Service {
  return createService(history, name, bodyOn('vip', ...networks), { allocated: false });
}

function startOn(service: Service, nodeId: string, count = 1): string[] {
  const tasks = createTasks(history, service, count);
  assign(history, nodeId, ...tasks);
  return tasks;
}

const task = (id: string) => history.state.tasks.get(id)!;
const addressOf = (id: string) => task(id).addresses?.[0]?.address;

describe('the pools of the cluster', () => {
  function setPools(pools: string[], prefix: number): void {
    const cause = history.intend('update', undefined, {}, { kind: 'cluster' });
    history.append({ type: 'cluster.updated', cause, actor: 'ana', addressPools: { pools, prefix } });
  }

  it('are where subnets are from, of the length that is said; who has one keeps it', () => {
    const before = createNetwork(history, 'before');
    settleAll();
    const [kept] = subnetsOf(before);
    expect(kept).toMatch(/^10\.0\..*\/24$/);
    // The next of the size is taken already: it overlaps with what is there.
    setPools(['10.0.0.0/20', '10.99.0.0/16'], 21);
    const after = ['a', 'b'].map((name) => createNetwork(history, name));
    settleAll();
    expect(subnetsOf(before)).toEqual([kept]);
    expect([...after.flatMap(subnetsOf)].sort()).toEqual([
      expect.stringMatching(/^10\.0\.\d+\.0\/21$/),
      expect.stringMatching(/^10\.99\.\d+\.0\/21$/),
    ]);
  });

  it('give one to who has waited for it', () => {
    setPools(['10.77.0.0/28'], 29);
    const networks = ['a', 'b', 'c'].map((name) => createNetwork(history, name));
    settleAll();
    const waits = networks.find(({ subnets }) => subnets.length === 0)!;
    expect(waits.failure).toMatch(/^no subnet is free: networks have all of 10\.77\.0\.0\/28;/);
    setPools(['10.77.0.0/28', '10.78.0.0/28'], 29);
    settleAll();
    expect(subnetsOf(waits)).toEqual([expect.stringMatching(/^10\.78\.0\.\d+\/29$/)]);
  });
});

describe('a network', () => {
  it('gets a number, the subnet of the pool that goes with it, and its gateway', () => {
    const net = createNetwork(history, 'net');
    settleAll();
    const number = net.number!;
    expect(number).toBeLessThanOrEqual(16);
    expect(net.subnets).toEqual([{ subnet: `10.0.${number}.0/24`, gateway: `10.0.${number}.1` }]);
  });

  it('gets what it asks for', () => {
    const spec: Partial<NetworkSpec> = {
      ipam: {
        configs: [
          { subnet: '192.168.5.0/24', gateway: '192.168.5.254' },
          { subnet: '192.168.6.0/24', auxAddresses: { router: '192.168.6.1' } },
        ],
      },
    };
    const net = createNetwork(history, 'net', spec);
    settleAll();
    expect(net.subnets).toEqual([
      { subnet: '192.168.5.0/24', gateway: '192.168.5.254' },
      { subnet: '192.168.6.0/24', gateway: '192.168.6.2' },
    ]);
  });

  it('has a subnet of each family where it asks for IPv6, and whoever publishes on it', () => {
    const nets = [
      createNetwork(history, 'dual', { ipv6: true }),
      createNetwork(history, 'in', { ingress: true }),
    ];
    settleAll();
    const own = /^(fd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}):/.exec(nets[0]!.subnets[1]!.subnet)![1]!;
    for (const { number, subnets } of nets) {
      const prefix = `${own}:${number!.toString(16)}::`;
      expect(subnets).toEqual([
        { subnet: `10.0.${number}.0/24`, gateway: `10.0.${number}.1` },
        { subnet: `${prefix}/64`, gateway: `${prefix}a00:${(number! * 256 + 1).toString(16)}` },
      ]);
    }
    expectNoOverlap(history.state);
    const web = serveOn('web', nets[0]!);
    settleAll();
    const [id] = startOn(web, 'n1');
    settleAll();
    expect([addressOf(id!), web.addresses]).toEqual([
      expect.stringMatching(/^10\.0\./),
      [{ networkId: nets[0]!.id, address: expect.stringMatching(/^10\.0\./) }],
    ]);
  });

  it('gets the subnet of IPv6 that it asks for, and gives nobody what is somebody’s there', () => {
    const configs = [
      { subnet: 'fd00:1::/64', gateway: 'fd00:1::a09:2', auxAddresses: { router: 'fd00:1::a09:3' } },
      { subnet: '10.9.0.0/29' },
    ];
    const net = createNetwork(history, 'net', { ipv6: true, ipam: { configs } });
    settleAll();
    expect(net.subnets).toEqual([
      { subnet: '10.9.0.0/29', gateway: '10.9.0.1' },
      { subnet: 'fd00:1::/64', gateway: 'fd00:1::a09:2' },
    ]);
    const web = createService(history, 'web', bodyOn('dnsrr', net), { allocated: false });
    settleAll();
    const tasks = startOn(web, 'n1', 4);
    settleAll();
    expect(tasks.map(addressOf).sort()).toEqual(['10.9.0.4', '10.9.0.5', '10.9.0.6', undefined]);
    const other = createNetwork(history, 'other', {
      ipv6: true,
      ipam: { configs: [{ subnet: 'fd00:1:0:0:8000::/80' }] },
    });
    settleAll();
    expect(other.failure).toMatch(
      /^Pool overlaps .*: fd00:1:0:0:8000::\/80 and fd00:1::\/64 of network net$/,
    );
  });

  it('of many in one round has nothing that another has, nor what another asks for', () => {
    const asking = [given('wide', '10.0.0.0/20'), given('narrow', '10.0.20.128/25')];
    const others = Array.from({ length: 60 }, (_, index) => createNetwork(history, `net${index}`));
    expect(decideOnce(history, allocator)).toHaveLength(62);
    settleAll();
    expect(history.state.conflicts).toBe(0);
    expect(asking.map((network) => subnetsOf(network)[0])).toEqual(['10.0.0.0/20', '10.0.20.128/25']);
    expect(new Set(others.map(({ number }) => number)).size).toBe(60);
    expectNoOverlap(history.state);
  });

  it('says once that its subnet is had by another, and gets it when that is gone', () => {
    const first = given('first', '10.9.0.0/16');
    settleAll();
    const second = given('second', '10.9.3.0/24');
    const message =
      'Pool overlaps with other one on this address space: 10.9.3.0/24 and 10.9.0.0/16 of network first';
    expect(settleAll()).toMatchObject([{ type: 'network.allocation_failed', networkId: second.id, message }]);
    createNetwork(history, 'third');
    expect(settleAll()).toHaveLength(1);
    removeNetwork(history, first);
    settleAll();
    expect([subnetsOf(second), second.failure]).toEqual([['10.9.3.0/24'], '']);
  });

  it('of two that ask for the same, the first has it', () => {
    const [first, second] = [given('first', '10.9.0.0/16'), given('second', '10.9.3.0/24')];
    settleAll();
    expect([first.number, second.number]).toEqual([expect.any(Number), undefined]);
  });

  it('says when the pools have no more', () => {
    const all = given('all', '10.0.0.0/9');
    given('rest', '10.128.0.0/9');
    const net = createNetwork(history, 'net');
    settleAll();
    expect(net.failure).toBe(
      'no subnet is free: networks have all of 10.0.0.0/8; remove one that nobody needs, say a --subnet, or give the cluster another pool: muster cluster update --default-addr-pool',
    );
    removeNetwork(history, all);
    settleAll();
    expect(net.number).toBeDefined();
  });
});

function expectNoOverlap({ networks }: ClusterState): void {
  const ranges = [...networks.values()]
    .flatMap(({ subnets }) => subnets.map(({ subnet }) => parseSubnet(subnet)!))
    .map(({ value, prefix }) => [Number(value), Number(value) + 2 ** (32 - prefix)] as const)
    .sort(([a], [b]) => a - b);
  for (const [index, [start]] of ranges.entries())
    if (index > 0) expect(start).toBeGreaterThanOrEqual(ranges[index - 1]![1]);
}

describe('a service', () => {
  it('waits for its network, and has a virtual address there', () => {
    const net = createNetwork(history, 'net');
    const web = serveOn('web', net);
    expect(settleAll().map(({ type }) => type)).toEqual(['network.allocated', 'service.allocated']);
    expect(web.addresses).toMatchObject([{ networkId: net.id }]);
    // Where no block is as long as there is room elsewhere.
    expect(findPlace(net, web.addresses[0]!.address)!.place).toBeGreaterThanOrEqual(192);
  });

  it('says why its network is not to be had, and what there is too much of', () => {
    given('first', '10.9.0.0/16');
    settleAll();
    const web = serveOn('web', given('second', '10.9.3.0/24'));
    settleAll();
    expect(web.unschedulable?.message).toMatch(/^network second could not be allocated: Pool overlaps/);
  });

  it('whose name leads to its tasks has none', () => {
    const net = createNetwork(history, 'net');
    const web = createService(history, 'web', bodyOn('dnsrr', net), { allocated: false });
    settleAll();
    expect([web.addresses, web.version.ports]).toEqual([[], []]);
  });

  it('keeps it in its next version, and gives it back with the network, or when it is gone', () => {
    const [net, other] = [createNetwork(history, 'net'), createNetwork(history, 'other')];
    const web = serveOn('web', net);
    settleAll();
    const [before] = web.addresses;
    updateService(history, web, bodyOn('vip', other, net), { allocated: false });
    settleAll();
    expect(web.addresses).toEqual([{ networkId: other.id, address: expect.any(String) }, before]);
    updateService(history, web, bodyOn('vip', other), { allocated: false });
    settleAll();
    expect([net.spaces[0]!.isIdle, other.spaces[0]!.isIdle]).toEqual([true, false]);
    removeService(history, web);
    expect(other.spaces[0]!.isIdle).toBe(true);
  });

  it('says that there is none left, and gets one when another gives it back', () => {
    const net = given('net', '10.9.0.0/29');
    const services = Array.from({ length: 6 }, (_, index) => serveOn(`web${index}`, net));
    settleAll();
    const [last] = services.filter(({ addresses }) => addresses.length === 0);
    const message =
      'could not find an available IP while allocating VIP: all addresses of network net (10.9.0.0/29) are taken; remove what is on it, or use a network with a larger --subnet';
    expect(last!.unschedulable?.message).toBe(message);
    expect(settleAll()).toEqual([]);
    removeService(history, services.find(({ addresses }) => addresses.length > 0)!);
    settleAll();
    expect([last!.addresses.length, last!.unschedulable]).toEqual([1, undefined]);
  });
});

describe('tasks that were given to nodes', () => {
  it('have addresses on each of their networks, a node in one event', () => {
    const [net, back] = [createNetwork(history, 'net'), createNetwork(history, 'back')];
    const web = serveOn('web', net, back);
    settleAll();
    const tasks = [...startOn(web, 'n1', 3), ...startOn(web, 'n2', 2)];
    const events = settleAll();
    expect(events.map(({ type }) => type)).toEqual(['node.allocated', 'node.allocated']);
    const all = tasks.flatMap((id) => task(id).addresses!.map(({ address }) => address));
    expect(new Set(all).size).toBe(10);
    expect([net.spaces[0]!.heldByTasks, back.spaces[0]!.heldByTasks]).toEqual([5, 5]);
    const last = history.records.findLast(({ subject }) => subject === 'muster.event.scheduler.node.n1')!;
    expect(events[0]!.cause).toBe(last.seq);
    expect(decideOnce(history, allocator)).toEqual([]);
  });

  it('without networks are none of its business', () => {
    const web = createService(history, 'web');
    startOn(web, 'n1');
    expect(settleAll()).toEqual([]);
  });

  it('get none where they are to stop, or their node is down', () => {
    const web = serveOn('web', createNetwork(history, 'net'));
    settleAll();
    const [stopped] = startOn(web, 'n1');
    const [waiting] = startOn(web, 'n2');
    desire(history, web, 'shutdown', stopped!);
    changeStatus(history, 'n2', 'down');
    expect(settleAll()).toEqual([]);
    changeStatus(history, 'n2', 'ready');
    settleAll();
    expect([addressOf(stopped!), addressOf(waiting!)]).toEqual([undefined, expect.any(String)]);
  });

  it('say once that there are none left, and get them when others give theirs back', () => {
    const net = given('net', '10.9.0.0/29');
    const web = createService(history, 'web', bodyOn('dnsrr', net), { allocated: false });
    settleAll();
    const tasks = startOn(web, 'n1', 7);
    const message =
      'could not find an available IP: all addresses of network net (10.9.0.0/29) are taken; remove what is on it, or use a network with a larger --subnet';
    const events = settleAll();
    expect(events.map(({ type }) => type)).toEqual(['node.allocated', 'node.allocation_failed']);
    const without = tasks.filter((id) => !task(id).addresses);
    expect(without.map((id) => task(id).err)).toEqual([message, message]);
    expect(settleAll()).toEqual([]);
    report(history, 'n1', { id: tasks.find((id) => task(id).addresses)!, state: 'failed' });
    settleAll();
    expect(without.map((id) => task(id).err).sort()).toEqual(['', message]);
    expect(settleAll()).toEqual([]);
  });

  it('get what was of a node that is gone', () => {
    const net = given('net', '10.9.0.0/28');
    const web = createService(history, 'web', bodyOn('dnsrr', net), { allocated: false });
    settleAll();
    startOn(web, 'n1', 13);
    settleAll();
    const [next] = startOn(web, 'n2');
    settleAll();
    expect(addressOf(next!)).toBeUndefined();
    removeNode(history, 'n1');
    settleAll();
    expect(addressOf(next!)).toBeDefined();
  });

  it('are allocated again when another was faster', () => {
    const net = given('net', '10.9.0.0/24');
    const web = serveOn('web', net);
    settleAll();
    const [[one], [two]] = [startOn(web, 'n1'), startOn(web, 'n2')];
    const decisions = decideOnce(history, allocator);
    const late = decisions.find(({ event }) => 'nodeId' in event && event.nodeId === 'n1')!;
    allocateTasks(history, 'n2', { [two!]: { [net.id]: '10.9.0.9' } }, [[net.id, '10.9.0.0/25']]);
    expect(appendDecision(history, late)).toBe(true);
    expect([addressOf(one!), history.state.conflicts]).toEqual([undefined, 1]);
    settleAll();
    expect(findPlace(net, addressOf(one!)!)!.place).toBeGreaterThanOrEqual(128);
  });

  it('are as many as a record holds, and the rest in the next', () => {
    const net = given('net', '10.9.0.0/16');
    const web = serveOn('web', net);
    settleAll();
    allocator = createAllocator({ maxRecordBytes: () => 64 * 1024 });
    startOn(web, 'n1', 1_000);
    const events = settleAll();
    const sizes = events.map((event) => composeEvent(event, history.now, { wire: 2 }).data.length);
    expect(events.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024);
    expect(net.spaces[0]!.heldByTasks).toBe(1_000);
  });

  it('fill a network all but a few addresses, which others have in their blocks', () => {
    const net = given('net', '10.9.0.0/24');
    const web = createService(history, 'web', bodyOn('dnsrr', net), { allocated: false });
    settleAll();
    for (const node of ['n1', 'n2', 'n3']) startOn(web, node, 90);
    settleAll();
    expect(net.spaces[0]!.heldByTasks).toBeGreaterThanOrEqual(248);
    expect(history.state.conflicts).toBe(0);
  });
});

it('ten thousand tasks on a /16 meet nowhere, though no copy knows of the others', () => {
  const nodes = Array.from({ length: 100 }, (_, index) => `m${index}`);
  for (const id of nodes) joinReadyNode(history, id);
  const net = given('net', '10.9.0.0/16');
  const web = serveOn('web', net);
  settleAll();
  for (let wave = 0; wave < 4; wave += 1) {
    for (const id of nodes) startOn(web, id, 25);
    // Each node by a copy of its own, that has seen nothing of what the others do.
    const rounds = nodes.map((id) => {
      const copy = createAllocator();
      const changes = { services: [], networks: [], tasks: [], intents: [], poison: [] };
      copy.notice(history.state, { ...changes, nodes: [id] });
      return copy.decide(history.state, history.now);
    });
    for (const decision of rounds.flat()) appendDecision(history, decision);
  }
  expect([net.spaces[0]!.heldByTasks, history.state.conflicts]).toEqual([10_000, 0]);
  expect(Math.max(...nodes.map((id) => net.spaces[0]!.blocksOf(id).length))).toBe(1);
});

describe('whatever comes and goes', () => {
  const node = fc.constantFrom('n1', 'n2', 'n3');
  const step = fc.oneof(
    fc.record({ do: fc.constant('start' as const), node, count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ do: fc.constant('end' as const), which: fc.nat() }),
    fc.record({ do: fc.constant('stop' as const), which: fc.nat() }),
    fc.record({ do: fc.constant('serve' as const), which: fc.nat(5) }),
    fc.record({ do: fc.constant('remove' as const), which: fc.nat(5) }),
    fc.record({ do: fc.constant('settle' as const) }),
  );

  it('nobody holds what another has, and nobody waits while there is something for it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        history = startHistory({ wire: 2 });
        allocator = createAllocator();
        for (const id of ['n1', 'n2', 'n3']) joinReadyNode(history, id);
        const net = given('net', '10.9.0.0/27');
        const web = serveOn('web', net);
        settleAll();
        const tasks: string[] = [];
        for (const what of steps) {
          if (what.do === 'start') tasks.push(...startOn(web, what.node, what.count));
          else if (what.do === 'settle') settleAll();
          else if (what.do === 'serve') serveOnce(`web${what.which}`, net);
          else if (what.do === 'remove') removeIfThere(`web${what.which}`);
          else stopOne(web, tasks[what.which % Math.max(1, tasks.length)], what.do);
        }
        settleAll();
        expect(history.state.conflicts).toBe(0);
        expectAllHeldOnce(net);
      }),
      { numRuns: 60 },
    );
  });

  function serveOnce(name: string, net: Network): void {
    if (!history.state.serviceByName.has('', name)) serveOn(name, net);
  }

  function removeIfThere(name: string): void {
    const service = history.state.serviceByName.get('', name);
    if (service) removeService(history, service as Service);
  }

  function stopOne(service: Service, id: string | undefined, how: 'end' | 'stop'): void {
    if (id === undefined) return;
    if (how === 'stop') desire(history, service, 'shutdown', id);
    else report(history, task(id).node!.id, { id, state: 'failed' });
  }

  function expectAllHeldOnce(net: Network): void {
    const space = net.spaces[0]!;
    const [live, vips] = [[...history.state.tasks.values()], [...history.state.services.values()]];
    const held = live
      .filter(({ observed, addresses }) => addresses && observed < 512)
      .map(({ addresses }) => addresses![0]!.address);
    const all = [...held, ...vips.flatMap(({ addresses }) => addresses.map(({ address }) => address))];
    expect(new Set(all).size).toBe(all.length);
    expect(space.heldByTasks).toBe(held.length);
    const waits = [...history.state.tables.networks.waiting.values()].some(({ size }) => size > 0);
    const free = 29 - all.length;
    // What others have room for in blocks of theirs is theirs.
    if (waits) expect(free).toBeLessThanOrEqual(unusedOfNodesWithout(net));
  }

  function unusedOfNodesWithout(net: Network): number {
    const blocks = [...net.spaces[0]!.blocks()];
    return blocks.filter(({ held }) => held > 0).reduce((sum, { size, held }) => sum + size - held, 0);
  }
});

it('a copy that just started decides the same', () => {
  const net = createNetwork(history, 'net');
  const web = serveOn('web', net);
  settleAll();
  startOn(web, 'n1', 3);
  const decide = (reducer: Reducer): readonly EventDraft[] => {
    reducer.notice(history.state, {
      services: history.state.services.keys(),
      networks: history.state.networks.keys(),
      nodes: history.state.nodes.keys(),
      tasks: [],
      intents: [],
      poison: [],
    });
    return reducer.decide(history.state, history.now).map(({ event }) => event);
  };
  expect(decide(createAllocator())).toEqual(decide(allocator));
});

it('a network that another has allocated is not allocated again', () => {
  const net = createNetwork(history, 'net');
  const [late] = decideOnce(history, allocator);
  allocateNetwork(history, net, 9, '10.9.0.0/24');
  expect(appendDecision(history, late!)).toBe(false);
  expect(settleAll()).toEqual([]);
});
