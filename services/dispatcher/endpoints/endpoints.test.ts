// What everybody is told of networks and of services on them, and in which order a task's end is told.
import { decodeCommand, decodeEndpoints, type Endpoints, endpointsSubject } from '@muster/events';
import { MemoryCommandStore, MemoryEndpointStore } from '@muster/log';
import { silentLogger } from '@muster/runtime';
import { hashState, isOutdated, type Network, type Service } from '@muster/state';
import {
  allocateNetwork,
  allocateTasks,
  assign,
  changeStatus,
  createNetwork,
  createService,
  createTasks,
  desire,
  type History,
  joinReadyNode,
  removeNode,
  removeService,
  report,
  START_TIME,
  startHistory,
  updateService,
  VirtualClock,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { startCommandWriter } from '../commands/command-writer.ts';
import { startFold } from '../fold.fixture.ts';
import { createDepartures, DEPARTURE_MS, type Departures } from './departures.ts';
import { type EndpointWriter, startEndpointWriter } from './endpoint-writer.ts';

let history: History;
let clock: VirtualClock;
let fold: ReturnType<typeof startFold>;
let store: MemoryEndpointStore;
let commands: MemoryCommandStore;
let writes: string[];
let net: Network;
let web: Service;
let tasks: string[];

beforeEach(() => {
  history = startHistory({ wire: 2 });
  clock = new VirtualClock({ startAt: START_TIME });
  writes = [];
  const now = () => clock.now();
  store = new MemoryEndpointStore({
    now,
    intercept: async ({ of }, accept) => {
      const result = accept();
      if (result.ok) writes.push(endpointsSubject(of));
      return result;
    },
  });
  commands = new MemoryCommandStore({ now });
  for (const [index, id] of ['n1', 'n2', 'n3'].entries()) {
    joinReadyNode(history, id, { addr: `192.0.2.${index + 1}`, networks: ['overlay'] });
    history.append({
      type: 'node.allocated',
      cause: 1,
      nodeId: id,
      number: index + 1,
      blocks: [],
      tasks: [],
    });
  }
  net = createNetwork(history, 'net');
  allocateNetwork(history, net, 7, '10.0.7.0/24');
  web = createService(history, 'web', on(net, ['www']), { allocated: false });
  giveVip('10.0.7.200');
  tasks = createTasks(history, web, 2);
  for (const [index, nodeId] of ['n1', 'n2'].entries()) {
    const [id, block] = [tasks[index]!, `10.0.7.${16 * (index + 1)}/28`];
    assign(history, nodeId, id);
    allocateTasks(history, nodeId, { [id]: { [net.id]: `10.0.7.${16 * (index + 1) + 3}` } }, [
      [net.id, block],
    ]);
  }
});

const on = ({ id }: Network, aliases: string[] = []) => ({
  taskTemplate: { containerSpec: { image: 'busybox' }, networks: [{ target: id, aliases }] },
});

function giveVip(address: string): void {
  const { seq } = web.version;
  const addresses = [{ networkId: net.id, address }];
  const specVersion = seq;
  history.append({
    type: 'service.allocated',
    cause: seq,
    serviceId: web.id,
    specVersion,
    ports: [],
    addresses,
  });
}

const run = (...ids: string[]) => {
  for (const id of ids) report(history, history.state.tasks.get(id)!.node!.id, { id, state: 'running' });
};

async function goOn(): Promise<void> {
  fold.foldTo(history.state.head);
  await clock.settle();
}

async function start(name = 'ours'): Promise<EndpointWriter> {
  fold = startFold(history.records);
  fold.foldTo(history.state.head);
  const writer = await startEndpointWriter({
    follower: fold,
    store: store.client(name),
    clock,
    logger: silentLogger,
  });
  await clock.settle();
  return writer;
}

function said(serviceId?: string, networkId = net.id): Endpoints | undefined {
  const subject = endpointsSubject({ networkId, serviceId });
  const found = store.current().find(({ of }) => endpointsSubject(of) === subject);
  return found && decodeEndpoints(found.data);
}

const tasksSaid = () => {
  const endpoints = said(web.id);
  return endpoints?.type === 'service' ? endpoints.tasks.map(({ id }) => id) : undefined;
};

describe('everybody is told', () => {
  it('of a network: what it is, and which nodes have which part of it', async () => {
    await start();
    expect(said()).toEqual({
      v: 1,
      at: expect.any(Number),
      type: 'network',
      basis: history.state.head,
      network: {
        id: net.id,
        name: 'net',
        number: 7,
        internal: false,
        subnets: [{ subnet: '10.0.7.0/24', gateway: '10.0.7.1' }],
      },
      nodes: [
        { id: 'n1', number: 1, underlay: '192.0.2.1', blocks: ['10.0.7.16/28'] },
        { id: 'n2', number: 2, underlay: '192.0.2.2', blocks: ['10.0.7.32/28'] },
      ],
    });
  });

  it('of a service: those of its tasks that run and are to run', async () => {
    run(tasks[0]!);
    await start();
    expect(said(web.id)).toEqual({
      v: 1,
      at: expect.any(Number),
      type: 'service',
      basis: history.state.head,
      service: { id: web.id, name: 'web' },
      address: '10.0.7.200',
      aliases: ['www'],
      tasks: [{ id: tasks[0], slot: 1, name: `web.1.${tasks[0]}`, address: '10.0.7.19', node: 1 }],
    });
    run(tasks[1]!);
    await goOn();
    expect(tasksSaid()).toEqual(tasks);
    desire(history, web, 'shutdown', tasks[0]!);
    await goOn();
    expect(tasksSaid()).toEqual([tasks[1]]);
  });

  it('of no task that is not ready, though it runs', async () => {
    run(...tasks);
    await start();
    const [id] = tasks as [string];
    report(history, 'n1', { id, state: 'running', ready: false, err: 'not ready: exit code 1' });
    await goOn();
    expect(tasksSaid()).toEqual([tasks[1]]);
    expect(history.state.tasks.get(id)).toMatchObject({ ready: false, err: 'not ready: exit code 1' });
    const hash = hashState(history.state);
    report(history, 'n1', { id, state: 'running' });
    await goOn();
    expect(tasksSaid()).toEqual(tasks);
    expect(history.state.tasks.get(id)).toMatchObject({ ready: true, err: '' });
    expect(hashState(history.state)).not.toBe(hash);
  });

  it('of other aliases, while its tasks are what they were', async () => {
    run(...tasks);
    await start();
    updateService(history, web, on(net, ['www', 'front']));
    await goOn();
    expect(said(web.id)).toMatchObject({ aliases: ['www', 'front'] });
    expect(tasksSaid()).toEqual(tasks);
    for (const id of tasks) expect(isOutdated(history.state.tasks.get(id)!)).toBe(false);
  });

  it('of a task’s host name, as its node fills it in', async () => {
    const spec = on(net, ['www']);
    const { containerSpec } = spec.taskTemplate;
    const hostname = '{{.Service.Name}}-{{.Task.Slot}}-{{.Node.Hostname}}';
    const named = { taskTemplate: { ...spec.taskTemplate, containerSpec: { ...containerSpec, hostname } } };
    const service = createService(history, 'named', named);
    const [id] = createTasks(history, service, 1) as [string];
    assign(history, 'n1', id);
    allocateTasks(history, 'n1', { [id]: { [net.id]: '10.0.7.20' } });
    run(id);
    await start();
    expect(said(service.id)).toMatchObject({ tasks: [{ hostname: 'named-1-n1' }] });
  });

  it('only of what changed', async () => {
    createService(history, 'other', on(net));
    run(...tasks);
    await start();
    writes.length = 0;
    await goOn();
    changeStatus(history, 'n1', 'ready');
    await goOn();
    expect(writes).toEqual([]);
    desire(history, web, 'shutdown', tasks[0]!);
    await goOn();
    expect(writes).toEqual([endpointsSubject({ networkId: net.id, serviceId: web.id })]);
    allocateTasks(history, 'n3', {}, [[net.id, '10.0.7.64/28']]);
    await goOn();
    expect(writes.slice(1)).toEqual([endpointsSubject({ networkId: net.id })]);
  });

  it('of the ingress network: every node; and of services there which ports lead to them', async () => {
    const ingress = createNetwork(history, 'ingress', { ingress: true });
    allocateNetwork(history, ingress, 8, '10.0.8.0/24');
    const shop = createService(history, 'shop', { image: 'busybox', ports: ['8080:80'] });
    const [task] = createTasks(history, shop) as [string];
    assign(history, 'n3', task);
    allocateTasks(history, 'n3', { [task]: { [ingress.id]: '10.0.8.3' } }, [[ingress.id, '10.0.8.0/28']]);
    run(task);
    await start();
    expect(said(undefined, ingress.id)).toMatchObject({
      network: { ingress: true },
      nodes: [
        { id: 'n1', blocks: [] },
        { id: 'n2', blocks: [] },
        { id: 'n3', blocks: ['10.0.8.0/28'] },
      ],
    });
    const ports = [{ protocol: 'tcp', published: 8080, target: 80 }];
    expect(said(shop.id, ingress.id)).toMatchObject({ tasks: [{ address: '10.0.8.3' }], ports });
    expect(said(shop.id, ingress.id)).not.toHaveProperty('address');
    updateService(history, shop, { image: 'busybox', ports: [{ target: 80 }] }, { allocated: false });
    await goOn();
    expect(said(shop.id, ingress.id)).toMatchObject({ ports });
    updateService(history, shop, { image: 'busybox' });
    await goOn();
    expect(said(shop.id, ingress.id)).not.toHaveProperty('ports');
    joinReadyNode(history, 'n4', { addr: '192.0.2.4', networks: ['overlay'] });
    history.append({ type: 'node.allocated', cause: 1, nodeId: 'n4', number: 4, blocks: [], tasks: [] });
    await goOn();
    expect(said(undefined, ingress.id)).toMatchObject({ nodes: { length: 4 } });
    removeNode(history, 'n1');
    await goOn();
    expect(said(undefined, ingress.id)).toMatchObject({ nodes: { length: 3 } });
  });

  it('nothing where there are no networks', async () => {
    history = startHistory({ wire: 2 });
    joinReadyNode(history, 'n1');
    const plain = createService(history, 'plain');
    assign(history, 'n1', ...createTasks(history, plain, 3));
    await start();
    expect(writes).toEqual([]);
  });

  it('once by two dispatchers', async () => {
    run(...tasks);
    const both = await Promise.all([start('one'), start('two')]);
    expect(writes).toHaveLength(2);
    expect(both.map((writer) => writer.backlog())).toEqual([{ endpoints: 0 }, { endpoints: 0 }]);
    await start('one that comes later');
    expect(writes).toHaveLength(2);
  });

  it('again where one that knew less, or something else, has written over it', async () => {
    run(...tasks);
    await start();
    const rival = store.client('rival');
    for (const text of ['{"v":1,"type":"gone","basis":1}', 'nonsense']) {
      const { seq } = store.current().find(({ of }) => of.serviceId === web.id)!;
      const of = { networkId: net.id, serviceId: web.id };
      await rival.put(of, new TextEncoder().encode(text), { expectLastSeq: seq });
      await clock.settle();
      expect(tasksSaid()).toEqual(tasks);
    }
  });

  it('where a node is found elsewhere, or is gone', async () => {
    run(...tasks);
    await start();
    joinReadyNode(history, 'n1', { addr: '192.0.2.99', networks: ['overlay'] });
    await goOn();
    expect(said()).toMatchObject({ nodes: [{ underlay: '192.0.2.99' }, { id: 'n2' }] });
    removeNode(history, 'n1');
    await goOn();
    expect(said()).toMatchObject({ nodes: [{ id: 'n2' }] });
    expect(tasksSaid()).toEqual([tasks[1]]);
  });

  it('that a service is on a network no more, and that it is again', async () => {
    await start();
    const other = createNetwork(history, 'other');
    allocateNetwork(history, other, 8, '10.0.8.0/24');
    updateService(history, web, on(other));
    await goOn();
    expect(said(web.id)).toMatchObject({ type: 'gone' });
    expect(said(web.id, other.id)).toMatchObject({ type: 'service', tasks: [] });
    updateService(history, web, on(net));
    await goOn();
    expect(said(web.id)).toMatchObject({ type: 'service' });
    expect(said(web.id, other.id)).toMatchObject({ type: 'gone' });
    // The tombstones are gone from the store, and nobody was told.
    await clock.advance(2 * 3600_000);
    updateService(history, web, on(other));
    await goOn();
    await clock.advance(5_000);
    expect(said(web.id, other.id)).toMatchObject({ type: 'service' });
    removeService(history, web);
    await goOn();
    expect([said(web.id), said(web.id, other.id)]).toMatchObject([{ type: 'gone' }, { type: 'gone' }]);
  });
});

describe('a task that is to stop', () => {
  let departures: Departures;
  let endpoints: EndpointWriter;

  async function startBoth(): Promise<void> {
    endpoints = await start();
    departures = createDepartures({
      state: fold.state,
      clock,
      endpoints,
      onLeft: (ids) => writer.look(ids),
    });
    const writer = await startCommandWriter({
      follower: fold,
      store: commands.client('ours'),
      clock,
      logger: silentLogger,
      departures,
    });
    await clock.settle();
  }

  /** What the task's node is told now. */
  async function told(id: string): Promise<string | undefined> {
    let found: string | undefined;
    const following = await commands.follow({
      onCommand: ({ taskId, data }) => {
        const command = decodeCommand(data);
        if (taskId === id && command.type === 'task') found = command.desired;
      },
      onCaughtUp() {},
      onError() {},
    });
    await clock.settle();
    await following.stop();
    return found;
  }

  const head = () => Math.max(...store.current().map(({ seq }) => seq));

  it('is told so when every node of its networks goes by the endpoints without it', async () => {
    run(...tasks);
    await startBoth();
    desire(history, web, 'shutdown', tasks[0]!);
    await goOn();
    expect([tasksSaid(), await told(tasks[0]!)]).toEqual([[tasks[1]], 'running']);
    departures.hear('n1', head());
    departures.hear('n2', head() - 1);
    departures.hear('n3', 0);
    await clock.advance(1);
    expect(await told(tasks[0]!)).toBe('running');
    departures.hear('n2', head());
    await clock.advance(1);
    expect(await told(tasks[0]!)).toBe('shutdown');
  });

  it('is told so after a moment though a node says nothing', async () => {
    run(...tasks);
    await startBoth();
    desire(history, web, 'shutdown', tasks[0]!);
    await goOn();
    await clock.advance(DEPARTURE_MS - 1);
    expect(await told(tasks[0]!)).toBe('running');
    await clock.advance(1);
    expect(await told(tasks[0]!)).toBe('shutdown');
  });

  it('waits for no node that is lost', async () => {
    run(...tasks);
    changeStatus(history, 'n2', 'down');
    await startBoth();
    desire(history, web, 'shutdown', tasks[0]!);
    await goOn();
    departures.hear('n1', head());
    await clock.advance(1);
    expect(await told(tasks[0]!)).toBe('shutdown');
  });

  it('is told so at once when it takes no traffic', async () => {
    run(tasks[1]!);
    await startBoth();
    desire(history, web, 'shutdown', tasks[0]!);
    await goOn();
    expect(await told(tasks[0]!)).toBe('shutdown');
  });

  it('is told so though nothing can be stored of endpoints', async () => {
    run(...tasks);
    await startBoth();
    await endpoints.stop();
    desire(history, web, 'shutdown', tasks[0]!);
    await goOn();
    await clock.advance(DEPARTURE_MS);
    expect(await told(tasks[0]!)).toBe('shutdown');
  });
});
