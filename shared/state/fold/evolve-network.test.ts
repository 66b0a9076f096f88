// Who holds which subnet and address: the first in log order, until it is known that nothing of it runs.
import {
  allocateNetwork,
  allocateTasks,
  assign,
  copyThroughSnapshot,
  createNetwork,
  createService,
  createTasks,
  describeIndices,
  desire,
  foldAll,
  type History,
  joinReadyNode,
  removeNetwork,
  removeNode,
  removeService,
  report,
  startHistory,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { findPlace } from '../cluster/networks/address-space.ts';
import type { Network, Service } from '../cluster/readonly.ts';
import { lastSeqOf } from '../cluster/state.ts';
import { hashState } from '../snapshots/hash.ts';

let history: History;
let net: Network;
beforeEach(() => {
  history = startHistory({ wire: 2 });
  for (const id of ['n1', 'n2']) joinReadyNode(history, id);
  net = createNetwork(history, 'net');
  allocateNetwork(history, net, 1, '10.0.1.0/24');
});

/** A service on the network, as the allocator made it. */
function serve(name: string, vip?: string, ...networks: Network[]): Service {
  const all = networks.length > 0 ? networks : [net];
  const body = {
    taskTemplate: {
      containerSpec: { image: 'busybox' },
      networks: all.map(({ id }) => ({ target: id })),
    },
  };
  const service = createService(history, name, body, { allocated: false });
  giveVip(service, vip === undefined ? [] : [vip]);
  return service;
}

function giveVip({ id: serviceId, version: { seq } }: Service, vips: readonly string[]): void {
  const addresses = vips.map((address) => ({ networkId: net.id, address }));
  history.append({
    type: 'service.allocated',
    cause: seq,
    serviceId,
    specVersion: seq,
    ports: [],
    addresses,
  });
}

function given(service: Service, nodeId: string): string {
  const [id] = createTasks(history, service);
  assign(history, nodeId, id!);
  return id!;
}

const task = (id: string) => history.state.tasks.get(id)!;
const conflicts = () => history.state.conflicts;
const holderOf = (address: string) => {
  const { space, place } = findPlace(history.state.networks.get(net.id), address)!;
  return space.holderAt(place);
};
const waiting = () =>
  Object.fromEntries([...history.state.tables.networks.waiting].map(([id, ids]) => [id, [...ids]]));

/** And comes back so from a snapshot. */
function expectSound(): void {
  const restored = copyThroughSnapshot(history.state);
  expect(hashState(restored)).toBe(hashState(history.state));
  expect(describeIndices(restored)).toEqual(describeIndices(history.state));
  expect(hashState(foldAll(history.records))).toBe(hashState(history.state));
}

describe('a network', () => {
  it('has its subnets and its number for itself', () => {
    const [same, within, other] = ['same', 'within', 'other'].map((name) => createNetwork(history, name));
    allocateNetwork(history, same!, 1, '10.0.2.0/24');
    allocateNetwork(history, within!, 2, '10.0.1.128/25');
    expect([same!.number, within!.number, conflicts()]).toEqual([undefined, undefined, 2]);
    allocateNetwork(history, other!, 2, '10.0.2.0/24');
    expect(other).toMatchObject({ number: 2, subnets: [{ subnet: '10.0.2.0/24', gateway: '10.0.2.1' }] });
    allocateNetwork(history, other!, 3, '10.0.3.0/24');
    expect(other!.number).toBe(2);
    expectSound();
  });

  it('gives them back when it is removed', () => {
    removeNetwork(history, net);
    const next = createNetwork(history, 'next');
    allocateNetwork(history, next, 1, '10.0.1.0/24');
    expect([next.number, history.state.networks.size, conflicts()]).toEqual([1, 1, 0]);
    expectSound();
  });

  it('keeps them until the last task that was on it has ended', () => {
    const web = serve('web', '10.0.1.200');
    const id = given(web, 'n1');
    allocateTasks(history, 'n1', { [id]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    removeService(history, web);
    expect([holderOf('10.0.1.200'), holderOf('10.0.1.2')]).toEqual([undefined, id]);
    removeNetwork(history, net);
    expect(history.state.networkByName.has('', 'net')).toBe(false);
    const next = createNetwork(history, 'net');
    allocateNetwork(history, next, 1, '10.0.1.0/24');
    expect([next.number, net.removed, conflicts()]).toEqual([undefined, true, 1]);
    expectSound();
    report(history, 'n1', { id, state: 'shutdown' });
    expect([...history.state.networks.keys()]).toEqual([next.id]);
    expect(lastSeqOf(history.state, `muster.event.orchestrator.network.${net.id}`)).toBe(0);
    allocateNetwork(history, next, 1, '10.0.1.0/24');
    expect(next.number).toBe(1);
    expectSound();
  });
});

describe('a virtual address', () => {
  it("is one service's", () => {
    const [web, api] = [serve('web', '10.0.1.200'), serve('api', '10.0.1.200')];
    expect([web.addresses, api.addresses, conflicts()]).toEqual([
      [{ networkId: net.id, address: '10.0.1.200' }],
      [],
      1,
    ]);
    expect(api.version.ports).toBeUndefined();
    giveVip(api, ['10.0.1.201']);
    removeService(history, web);
    expect([holderOf('10.0.1.200'), holderOf('10.0.1.201')]).toEqual([undefined, api.id]);
    expectSound();
  });

  it('is none outside of the network', () => {
    expect(serve('web', '10.0.2.2').version.ports).toBeUndefined();
    expect(conflicts()).toBe(1);
  });

  it('is in no block in use, and takes the place of one that is not', () => {
    const id = given(serve('web'), 'n1');
    allocateTasks(history, 'n1', { [id]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    expect(serve('api', '10.0.1.3').version.ports).toBeUndefined();
    report(history, 'n1', { id, state: 'failed' });
    expect(serve('db', '10.0.1.3').addresses).toHaveLength(1);
    expect([...net.spaces[0]!.blocks()]).toEqual([]);
    expectSound();
  });
});

describe('a task', () => {
  it('waits ASSIGNED for its addresses, and is to be told of with the event that brings them', () => {
    const id = given(serve('web'), 'n1');
    expect([waiting(), task(id).addresses]).toEqual([{ n1: [id] }, undefined]);
    allocateTasks(history, 'n1', { [id]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    expect(task(id)).toMatchObject({
      addresses: [{ networkId: net.id, address: '10.0.1.2' }],
      commandSeq: history.state.head,
    });
    expect([waiting(), holderOf('10.0.1.2')]).toEqual([{}, id]);
    expectSound();
  });

  it('says why it has none, until it has', () => {
    const id = given(serve('web'), 'n1');
    const message = 'none left';
    history.append({ type: 'node.allocation_failed', cause: 1, nodeId: 'n1', tasks: [id], message });
    expect(task(id).err).toBe(message);
    allocateTasks(history, 'n1', { [id]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    expect(task(id).err).toBe('');
  });

  it('waits no more when it is to stop, and gets none', () => {
    const web = serve('web');
    const [first, second] = [given(web, 'n1'), given(web, 'n2')];
    desire(history, web, 'shutdown', first);
    expect(waiting()).toEqual({ n2: [second] });
    allocateTasks(history, 'n1', { [first]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    expect([task(first).addresses, conflicts()]).toEqual([undefined, 0]);
    removeService(history, web);
    expect(waiting()).toEqual({});
    expectSound();
  });

  it.each([
    ['ends', (id: string) => report(history, 'n1', { id, state: 'complete' })],
    [
      'is orphaned',
      (id: string) => history.append({ type: 'tasks.orphaned', cause: 1, nodeId: 'n1', tasks: [id] }),
    ],
    ['loses its node', () => removeNode(history, 'n1')],
  ])('gives them back when it %s', (_, end) => {
    const id = given(serve('web'), 'n1');
    allocateTasks(history, 'n1', { [id]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    history.changes.networks.clear();
    end(id);
    expect(holderOf('10.0.1.2')).toBeUndefined();
    expect([...history.changes.networks]).toEqual([net.id]);
    expectSound();
  });

  it('keeps them while its node is down, or it is only told to stop', () => {
    const web = serve('web');
    const id = given(web, 'n1');
    allocateTasks(history, 'n1', { [id]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    desire(history, web, 'remove', id);
    history.append({ type: 'node.status_changed', cause: 1, nodeId: 'n1', status: 'down', message: '' });
    expect(holderOf('10.0.1.2')).toBe(id);
  });
});

describe('of two decisions', () => {
  it('about one block the first stands, and what is out of it', () => {
    const web = serve('web');
    const [one, two] = [given(web, 'n1'), given(web, 'n2')];
    allocateTasks(history, 'n1', { [one]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    allocateTasks(history, 'n2', { [two]: { [net.id]: '10.0.1.3' } }, [[net.id, '10.0.1.0/29']]);
    expect([task(one).addresses?.length, task(two).addresses, conflicts()]).toEqual([1, undefined, 1]);
    expect(waiting()).toEqual({ n2: [two] });
    expectSound();
  });

  it('about one address the first stands, and the rest of the second', () => {
    const web = serve('web');
    const [one, two, three] = [given(web, 'n1'), given(web, 'n1'), given(web, 'n1')];
    allocateTasks(history, 'n1', { [one]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    allocateTasks(history, 'n1', { [two]: { [net.id]: '10.0.1.2' }, [three]: { [net.id]: '10.0.1.3' } });
    expect([task(two).addresses, holderOf('10.0.1.3'), conflicts()]).toEqual([undefined, three, 1]);
    expectSound();
  });

  it('a block that nobody uses any more is whose decision comes first', () => {
    const web = serve('web');
    const [one, two] = [given(web, 'n1'), given(web, 'n2')];
    allocateTasks(history, 'n1', { [one]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/28']]);
    report(history, 'n1', { id: one, state: 'complete' });
    allocateTasks(history, 'n2', { [two]: { [net.id]: '10.0.1.2' } }, [[net.id, '10.0.1.0/24']]);
    const late = given(web, 'n1');
    allocateTasks(history, 'n1', { [late]: { [net.id]: '10.0.1.3' } });
    expect([holderOf('10.0.1.2'), holderOf('10.0.1.3'), conflicts()]).toEqual([two, undefined, 1]);
    expectSound();
  });
});

it('is all or nothing on several networks', () => {
  const back = createNetwork(history, 'back');
  allocateNetwork(history, back, 2, '10.0.2.0/24');
  const web = serve('web', undefined, net, back);
  const [one, two] = [given(web, 'n1'), given(web, 'n1')];
  const both = (id: string, last: number) => ({
    [id]: { [net.id]: `10.0.1.${last}`, [back.id]: `10.0.2.${last}` },
  });
  const blocks = [
    [net.id, '10.0.1.0/28'],
    [back.id, '10.0.2.0/28'],
  ] as const;
  allocateTasks(history, 'n1', both(one, 2), blocks);
  allocateTasks(history, 'n1', { [two]: { [net.id]: '10.0.1.3', [back.id]: '10.0.2.2' } });
  expect([task(one).addresses?.length, task(two).addresses, holderOf('10.0.1.3')]).toEqual([
    2,
    undefined,
    undefined,
  ]);
  removeNode(history, 'n1');
  expect(net.spaces[0]!.blocksOf('n1')).toEqual([]);
  expectSound();
});
