import {
  type Endpoints,
  type EndpointsOf,
  encodeEndpoints,
  followsSubject,
  type NetworkEndpoints,
  type ServiceEndpoints,
} from '@muster/events';
import { type FollowEndpointsOptions, MemoryEndpointStore } from '@muster/log';
import { MemoryBus, silentLogger } from '@muster/runtime';
import { VirtualClock } from '@muster/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EndpointsChange, type EndpointsListening, listenToEndpoints } from './listen-to-endpoints.ts';

const net: EndpointsOf = { networkId: 'n1' };
const web: EndpointsOf = { networkId: 'n1', serviceId: 's1' };

let clock: VirtualClock;
let store: MemoryEndpointStore;
let bus: MemoryBus;
let life: AbortController;
let told: { networks: string[]; seq: number }[];
let listening: EndpointsListening;
let heard: number[];
/** How the reading that is under way ends. */
let fail: (error: Error) => void;
let readings: MemoryEndpointStore[];

beforeEach(() => {
  clock = new VirtualClock();
  store = new MemoryEndpointStore({ now: () => clock.now() });
  bus = new MemoryBus({ clock });
  life = new AbortController();
  told = [];
  heard = [];
  readings = [];
  bus.client('dispatcher').subscribe(followsSubject('*'), ({ subject, data }) => {
    expect(subject).toBe('muster.follows.node1');
    heard.push(JSON.parse(new TextDecoder().decode(data)).seq);
  });
});
afterEach(() => life.abort());

async function listen(onChange: (change: EndpointsChange) => void = () => undefined): Promise<void> {
  listening = listenToEndpoints({
    store: {
      put: (...put) => store.put(...put),
      async follow(options: FollowEndpointsOptions) {
        const of = readings.shift() ?? store;
        const following = await of.follow(options);
        fail = (error) => {
          void following.stop();
          options.onError(error);
        };
        return following;
      },
    },
    bus: bus.client('agent'),
    nodeId: 'node1',
    clock,
    logger: silentLogger,
    signal: life.signal,
    onChange(change) {
      told.push({ networks: [...change.networks], seq: change.seq });
      onChange(change);
    },
  });
  await clock.advance(10);
}

let expected = new Map<string, number>();
beforeEach(() => {
  expected = new Map();
});

async function put(of: EndpointsOf, endpoints: Endpoints, into = store): Promise<void> {
  const key = `${of.networkId} ${of.serviceId}`;
  const expectLastSeq = into === store ? (expected.get(key) ?? 0) : 0;
  const result = await into.put(of, encodeEndpoints(endpoints), { expectLastSeq });
  if (!result.ok) throw new Error('it was not stored');
  if (into === store) expected.set(key, result.seq);
  await clock.advance(10);
}

const network = (basis: number, ...nodes: number[]): NetworkEndpoints => ({
  v: 1,
  type: 'network',
  basis,
  network: { id: 'n1', name: 'net', number: 7, internal: false, subnets: [] },
  nodes: nodes.map((number) => ({ id: `node${number}`, number, underlay: `192.0.2.${number}`, blocks: [] })),
});
const service = (basis: number, ...addresses: string[]): ServiceEndpoints => ({
  v: 1,
  type: 'service',
  basis,
  service: { id: 's1', name: 'web' },
  aliases: [],
  tasks: addresses.map((address, index) => ({
    id: `t${index}`,
    slot: index + 1,
    name: `web.${index + 1}`,
    address,
    node: 1,
  })),
});
const gone = (basis: number): Endpoints => ({ v: 1, type: 'gone', basis });

const addresses = () =>
  listening.tables.services
    .get('n1')
    ?.get('s1')
    ?.tasks.map(({ address }) => address);

it('tells all that is stored at once, then what changes', async () => {
  await put(net, network(3, 1, 2));
  await put(web, service(4, '10.0.7.3'));
  await listen();
  expect(told).toEqual([{ networks: ['n1'], seq: 2 }]);
  expect(listening.tables.networks.get('n1')?.nodes).toHaveLength(2);
  await put(web, service(6, '10.0.7.3', '10.0.7.4'));
  expect(told.slice(1)).toEqual([{ networks: ['n1'], seq: 3 }]);
  expect(addresses()).toEqual(['10.0.7.3', '10.0.7.4']);
  await put(web, gone(9));
  await put(net, gone(10));
  expect([...listening.tables.networks, ...listening.tables.services]).toEqual([]);
});

it('tells of an empty store that there is nothing', async () => {
  await listen();
  expect(told).toEqual([{ networks: [], seq: 0 }]);
});

it('tells that it has come further though nothing of it is new, and goes by the higher basis', async () => {
  await listen();
  await put(web, service(6, '10.0.7.3'));
  await put(web, service(5, '10.0.7.4'));
  expect(told.at(-1)).toEqual({ networks: [], seq: 2 });
  expect(addresses()).toEqual(['10.0.7.3']);
});

it('keeps what it knows where something can not be read', async () => {
  await listen();
  await put(web, service(6, '10.0.7.3'));
  await store.put(web, new TextEncoder().encode('nonsense'), { expectLastSeq: 1 });
  await clock.advance(10);
  expect(told.at(-1)).toEqual({ networks: [], seq: 2 });
  expect(addresses()).toEqual(['10.0.7.3']);
});

it('says how far the node follows: at once, then not more often than is of use, and again now and then', async () => {
  await listen();
  listening.noteFollowed(1);
  for (const seq of [2, 3, 4]) listening.noteFollowed(seq);
  await clock.advance(1);
  expect(heard).toEqual([1]);
  await clock.advance(20);
  expect(heard).toEqual([1, 4]);
  await clock.advance(5_000);
  expect(heard).toEqual([1, 4, 4]);
});

it('keeps what it knew while it begins again, and forgets later what is no more', async () => {
  await put(net, network(3, 1));
  await put(web, service(4, '10.0.7.3'));
  await listen();
  const anew = new MemoryEndpointStore({ now: () => clock.now() });
  await put(net, network(5, 1, 2), anew);
  readings.push(anew);
  fail(new Error('it was deleted and made again'));
  await clock.advance(2_000);
  expect(told.at(-1)).toEqual({ networks: ['n1'], seq: 1 });
  expect(listening.tables.networks.get('n1')?.nodes).toHaveLength(2);
  expect(addresses()).toEqual(['10.0.7.3']);
  await clock.advance(60_000);
  expect(addresses()).toBeUndefined();
  expect(told.at(-1)).toEqual({ networks: ['n1'], seq: 1 });
});

it('takes nothing from an empty store that was full', async () => {
  await put(net, network(3, 1));
  await listen();
  readings.push(new MemoryEndpointStore({ now: () => clock.now() }));
  fail(new Error('it was deleted and made again'));
  await clock.advance(120_000);
  expect(listening.tables.networks.size).toBe(1);
});
