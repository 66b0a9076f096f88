import type { Reducer } from '@muster/runtime';
import { createChanges, type Service } from '@muster/state';
import {
  allocateService,
  appendDecision,
  changeStatus,
  createService,
  createTasks,
  decideOnce,
  describeNode,
  desire,
  type History,
  joinReadyNode,
  removeService,
  replaceTasks,
  report,
  settle,
  spreadOf,
  startHistory,
  updateService,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createScheduler } from './scheduler.ts';

let history: History;
let scheduler: Reducer;
beforeEach(() => {
  history = startHistory();
  scheduler = createScheduler();
});

/** A reducer that just started: it is told to look at everything. */
function startAnew(fresh = createScheduler()): Reducer {
  const everything = createChanges();
  for (const id of history.state.services.keys()) everything.services.add(id);
  for (const id of history.state.nodes.keys()) everything.nodes.add(id);
  for (const id of history.state.tasks.keys()) everything.tasks.add(id);
  fresh.notice(history.state, everything);
  return fresh;
}

const reserve = (cpus: number) => ({ resources: { reservations: { cpus } } });

describe('placing', () => {
  it('spreads a service over the nodes, then evens out the nodes', () => {
    for (const id of ['n1', 'n2', 'n3']) joinReadyNode(history, id);
    const web = createService(history, 'web');
    createTasks(history, web, 4);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n1: 2, n2: 1, n3: 1 });
    const api = createService(history, 'api');
    createTasks(history, api, 2);
    settle(history, scheduler);
    expect(spreadOf(api)).toEqual({ n2: 1, n3: 1 });
  });

  it('puts the fewest tasks of the service before the fewest tasks', () => {
    for (const id of ['n1', 'n2']) joinReadyNode(history, id);
    const web = createService(history, 'web', { placement: ['node.id==n2'] });
    createTasks(history, web);
    const other = createService(history, 'other', { placement: ['node.id==n1'] });
    createTasks(history, other, 9);
    settle(history, scheduler);
    updateService(history, web, {});
    const [task] = createTasks(history, web);
    settle(history, scheduler);
    expect(history.state.tasks.get(task!)!.node!.id).toBe('n1');
  });

  it('decides once for each node, about all services, and says why and what it answers', () => {
    joinReadyNode(history, 'n1');
    joinReadyNode(history, 'n2', { labels: { disk: 'ssd' } });
    const web = createService(history, 'web', { placement: ['node.labels.disk==ssd'] });
    const webTasks = createTasks(history, web, 2);
    const api = createService(history, 'api');
    const apiTasks = createTasks(history, api, 3);
    const made = history.state.head;
    expect(settle(history, scheduler)).toEqual([
      {
        type: 'tasks.assigned',
        cause: made,
        nodeId: 'n2',
        tasks: [...webTasks, apiTasks[1]],
        why: [
          {
            serviceId: web.id,
            considered: 2,
            refused: [{ filter: 'constraints', nodes: 1 }],
            serviceTasks: 0,
            totalTasks: 0,
          },
          { serviceId: api.id, considered: 2, refused: [], serviceTasks: 0, totalTasks: 2 },
        ],
      },
      {
        type: 'tasks.assigned',
        cause: made,
        nodeId: 'n1',
        tasks: [apiTasks[0], apiTasks[2]],
        why: [{ serviceId: api.id, considered: 2, refused: [], serviceTasks: 0, totalTasks: 0 }],
      },
    ]);
  });

  it('counts what the same round has given already: resources, ports, replicas', () => {
    joinReadyNode(history, 'n1', { resources: { nanoCpus: 2e9, memoryBytes: 1e9 } });
    joinReadyNode(history, 'n2', { resources: { nanoCpus: 2e9, memoryBytes: 1e9 } });
    const hungry = ['a', 'b', 'c', 'd', 'e'].map((name) => createService(history, name, reserve(1)));
    for (const service of hungry) createTasks(history, service);
    const ported = createService(history, 'ported', { ports: ['published=80,target=80,mode=host'] });
    createTasks(history, ported, 3);
    const limited = createService(history, 'limited', { placement: { maxReplicas: 2 } });
    createTasks(history, limited, 5);
    settle(history, scheduler);
    expect(hungry.filter(({ pending }) => pending.size > 0)).toHaveLength(1);
    expect(spreadOf(ported)).toEqual({ n1: 1, n2: 1 });
    expect(spreadOf(limited)).toEqual({ n1: 2, n2: 2 });
    expect(history.state.nodes.get('n1')!.reserved.nanoCpus).toBe(2e9);
  });

  it('gives nothing to nodes that are not ready', () => {
    for (const id of ['n1', 'n2', 'n3']) joinReadyNode(history, id);
    changeStatus(history, 'n1', 'suspect');
    changeStatus(history, 'n2', 'down');
    const web = createService(history, 'web');
    createTasks(history, web, 3);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n3: 3 });
  });

  it('places tasks of an older version by that version', () => {
    joinReadyNode(history, 'n1', { labels: { tier: 'old' } });
    joinReadyNode(history, 'n2', { labels: { tier: 'new' } });
    const web = createService(history, 'web', { placement: ['node.labels.tier==old'] });
    const [before] = createTasks(history, web);
    updateService(history, web, { placement: ['node.labels.tier==new'] });
    const [after] = createTasks(history, web);
    settle(history, scheduler);
    expect(history.state.tasks.get(before!)!.node!.id).toBe('n1');
    expect(history.state.tasks.get(after!)!.node!.id).toBe('n2');
  });

  it('leaves out nodes on which the version keeps failing, as long as there are others', () => {
    for (const id of ['n1', 'n2']) joinReadyNode(history, id);
    const web = createService(history, 'web');
    createTasks(history, web);
    settle(history, scheduler);
    const nodes: string[] = [];
    let [task] = createTasks(history, web);
    for (let round = 0; round < 7; round += 1) {
      settle(history, scheduler);
      nodes.push(history.state.tasks.get(task!)!.node!.id);
      report(history, nodes.at(-1)!, { id: task!, state: 'failed' });
      [task] = replaceTasks(history, web, [2]);
    }
    expect(nodes).toEqual(['n2', 'n2', 'n2', 'n2', 'n2', 'n1', 'n1']);
    history.wait(5 * 60_000);
    settle(history, scheduler);
    expect(history.state.tasks.get(task!)!.node!.id).toBe('n2');
  });
});

describe('preferences', () => {
  function joinIn(zone: string | undefined, ...ids: readonly string[]): void {
    for (const id of ids) joinReadyNode(history, id, { labels: zone === undefined ? {} : { zone } });
  }

  const overZones = { placement: { preferences: ['spread=node.labels.zone'] } };

  it('share the tasks among the values of a label, however many nodes have each; none is a value too', () => {
    joinIn('a', 'a1');
    joinIn('b', 'b1', 'b2', 'b3');
    joinIn(undefined, 'c1', 'c2');
    const web = createService(history, 'web', overZones);
    createTasks(history, web, 12);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ a1: 4, b1: 2, b2: 1, b3: 1, c1: 2, c2: 2 });
  });

  it('count what a branch has already, and pass on what it has no room for', () => {
    joinIn('a', 'a1');
    joinIn('b', 'b1');
    joinIn('c', 'c1');
    const web = createService(history, 'web', { ...overZones, ...reserve(1) });
    createTasks(history, web, 2);
    settle(history, scheduler);
    createTasks(history, web, 8);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ a1: 3, b1: 3, c1: 4 });
    createTasks(history, web, 2);
    changeStatus(history, 'b1', 'down');
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ a1: 4, b1: 3, c1: 4 });
    expect(web.unschedulable?.message).toBe(
      'no suitable node (insufficient resources on 2 nodes; 1 node not available for new tasks)',
    );
  });

  it('start in the branch of the node with the fewest tasks', () => {
    joinIn('a', 'a1');
    joinIn('b', 'b1');
    const services = ['w', 'x', 'y', 'z'].map((name) => createService(history, name, overZones));
    for (const service of services) createTasks(history, service);
    settle(history, scheduler);
    expect(services.map(spreadOf)).toEqual([{ a1: 1 }, { b1: 1 }, { a1: 1 }, { b1: 1 }]);
  });

  it('follow a node that changes its label', () => {
    joinIn('a', 'n1', 'n2');
    joinIn('b', 'n3');
    const web = createService(history, 'web', overZones);
    createTasks(history, web, 2);
    settle(history, scheduler);
    const description = describeNode('n2', { labels: { zone: 'b' } });
    history.append({ type: 'node.joined', cause: 0, nodeId: 'n2', session: 's2', description });
    createTasks(history, web, 4);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n1: 3, n2: 2, n3: 1 });
  });
});

describe('nodes that are otherwise equal', () => {
  it('come in the order of their ids, or in the order that they are ranked in', () => {
    for (const id of ['n1', 'n2', 'n3']) joinReadyNode(history, id);
    const web = createService(history, 'web');
    createTasks(history, web, 3);
    const order = (decisions: ReturnType<Reducer['decide']>) =>
      decisions.map(({ event }) => (event.type === 'tasks.assigned' ? event.nodeId : event.type));
    expect(order(decideOnce(history, scheduler))).toEqual(['n1', 'n2', 'n3']);
    const turned = createScheduler({ rank: (nodeId) => String((Number(nodeId.slice(1)) + 1) % 3) });
    expect(order(startAnew(turned).decide(history.state, history.now))).toEqual(['n2', 'n3', 'n1']);
  });
});

describe('when no node suits', () => {
  const messageOf = (service: Service) => service.unschedulable?.message;

  it('says why once, most refusals first', () => {
    joinReadyNode(history, 'n1', { labels: { disk: 'ssd' } });
    joinReadyNode(history, 'n2');
    joinReadyNode(history, 'n3');
    joinReadyNode(history, 'n4');
    changeStatus(history, 'n4', 'down');
    const web = createService(history, 'web', { ...reserve(5), placement: ['node.labels.disk==ssd'] });
    createTasks(history, web);
    const made = history.state.head;
    expect(settle(history, scheduler)).toEqual([
      {
        type: 'tasks.unschedulable',
        cause: made,
        serviceId: web.id,
        specVersion: web.version.seq,
        message: 'no suitable node (insufficient resources on 3 nodes; 1 node not available for new tasks)',
        refused: [
          { filter: 'resources', nodes: 3 },
          { filter: 'ready', nodes: 1 },
        ],
      },
    ]);
    createTasks(history, web);
    expect(settle(history, scheduler)).toEqual([]);
  });

  it('says so of what is left over', () => {
    joinReadyNode(history, 'n1');
    const web = createService(history, 'web', reserve(1));
    createTasks(history, web, 6);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n1: 4 });
    expect(messageOf(web)).toBe('no suitable node (insufficient resources on 1 node)');
  });

  it('places them as soon as a node joins, becomes ready or has room', () => {
    const web = createService(history, 'web', reserve(3));
    const [first] = createTasks(history, web, 3);
    settle(history, scheduler);
    expect(messageOf(web)).toBe('no suitable node');
    joinReadyNode(history, 'n1');
    joinReadyNode(history, 'n2');
    changeStatus(history, 'n2', 'down');
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n1: 1 });
    changeStatus(history, 'n2', 'ready');
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n1: 1, n2: 1 });
    report(history, 'n1', { id: first!, state: 'complete' });
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n1: 2, n2: 1 });
    expect(messageOf(web)).toBeUndefined();
  });

  it('counts a port of the cluster to no node: any number of tasks may be reached by it', () => {
    joinReadyNode(history, 'n1');
    const ports = (publishMode: 'ingress' | 'host') => [
      { protocol: 'tcp', targetPort: 80, publishedPort: 8080, publishMode } as const,
    ];
    const web = createService(history, 'web', {}, { allocated: false });
    allocateService(history, web, ports('ingress'));
    createTasks(history, web, 2);
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n1: 2 });
    const held = createService(history, 'held', {}, { allocated: false });
    allocateService(history, held, ports('host'));
    createTasks(history, held, 2);
    settle(history, scheduler);
    expect(spreadOf(held)).toEqual({ n1: 1 });
    expect(messageOf(held)).toBe('no suitable node (host-mode port already in use on 1 node)');
  });

  it('places them when a node describes itself anew, or a host port becomes free', () => {
    joinReadyNode(history, 'n1');
    const web = createService(history, 'web', { placement: ['node.labels.disk==ssd'] });
    createTasks(history, web);
    const port = { ports: ['published=80,target=80,mode=host'] };
    const one = createService(history, 'one', port);
    const [holder] = createTasks(history, one);
    settle(history, scheduler);
    const two = createService(history, 'two', port);
    createTasks(history, two);
    settle(history, scheduler);
    expect(messageOf(two)).toBe('no suitable node (host-mode port already in use on 1 node)');
    const description = describeNode('n1', { labels: { disk: 'ssd' } });
    history.append({ type: 'node.joined', cause: 0, nodeId: 'n1', session: 's2', description });
    settle(history, scheduler);
    expect(spreadOf(web)).toEqual({ n1: 1 });
    expect(spreadOf(two)).toEqual({});
    desire(history, one, 'shutdown', holder!);
    settle(history, scheduler);
    expect(spreadOf(two)).toEqual({});
    report(history, 'n1', { id: holder!, state: 'shutdown' });
    settle(history, scheduler);
    expect(spreadOf(two)).toEqual({ n1: 1 });
  });

  it('one place that becomes free goes to one of many, and the others stay told', () => {
    joinReadyNode(history, 'n1', { resources: { nanoCpus: 1e9, memoryBytes: 1e9 } });
    const first = createService(history, 'first', reserve(1));
    const [running] = createTasks(history, first);
    settle(history, scheduler);
    const others = ['a', 'b', 'c'].map((name) => createService(history, name, reserve(1)));
    for (const service of others) createTasks(history, service);
    settle(history, scheduler);
    report(history, 'n1', { id: running!, state: 'complete' });
    const events = settle(history, scheduler);
    expect(events).toMatchObject([{ type: 'tasks.assigned' }]);
    expect(others.filter(({ pending }) => pending.size > 0).map(messageOf)).toEqual([
      'no suitable node (insufficient resources on 1 node)',
      'no suitable node (insufficient resources on 1 node)',
    ]);
  });

  it('says so again when the reason changed, but not more often than once a second', () => {
    joinReadyNode(history, 'n1');
    const web = createService(history, 'web', reserve(5));
    createTasks(history, web);
    settle(history, scheduler);
    const toldAt = history.now;
    changeStatus(history, 'n1', 'suspect');
    expect(decideOnce(history, scheduler)).toEqual([]);
    const wakeAt = scheduler.nextWake()!;
    expect(wakeAt).toBeGreaterThan(toldAt);
    history.wait(wakeAt - history.now);
    expect(settle(history, scheduler)).toMatchObject([
      { message: 'no suitable node (1 node not available for new tasks)' },
    ]);
    expect(scheduler.nextWake()).toBeUndefined();
  });

  it('says so again when a task that ended made the reason another', () => {
    joinReadyNode(history, 'n1');
    const other = createService(history, 'other', reserve(3));
    const [running] = createTasks(history, other);
    settle(history, scheduler);
    const web = createService(history, 'web', { ...reserve(1), placement: { maxReplicas: 1 } });
    createTasks(history, web, 2);
    settle(history, scheduler);
    expect(messageOf(web)).toBe('no suitable node (insufficient resources on 1 node)');
    report(history, 'n1', { id: running!, state: 'failed' });
    settle(history, scheduler);
    history.wait(1000);
    settle(history, scheduler);
    expect(messageOf(web)).toBe('no suitable node (max replicas per node limit exceed)');
  });

  it('waits a second to say so when it has just given another reason', () => {
    joinReadyNode(history, 'n1');
    const web = createService(history, 'web', reserve(5));
    createTasks(history, web);
    const toldAt = history.now;
    appendDecision(history, decideOnce(history, scheduler)[0]!);
    changeStatus(history, 'n1', 'down');
    createTasks(history, web);
    scheduler.notice(history.state, history.changes);
    expect(scheduler.decide(history.state, toldAt + 500)).toEqual([]);
    expect(scheduler.nextWake()).toBe(toldAt + 1500);
    expect(scheduler.decide(history.state, toldAt + 1500)).toMatchObject([
      { event: { message: 'no suitable node (1 node not available for new tasks)' } },
    ]);
  });

  it('tells a new version its own reason, and an old one none', () => {
    joinReadyNode(history, 'n1');
    const web = createService(history, 'web', reserve(5));
    const [old] = createTasks(history, web);
    settle(history, scheduler);
    updateService(history, web, { placement: ['node.id==n9'] });
    expect(messageOf(web)).toBeUndefined();
    expect(settle(history, scheduler)).toEqual([]);
    createTasks(history, web);
    history.wait(1000);
    settle(history, scheduler);
    expect(messageOf(web)).toBe('no suitable node (scheduling constraints not satisfied on 1 node)');
    expect(history.state.tasks.get(old!)!.node).toBeUndefined();
  });

  it('takes the reason back when nothing is pending any more', () => {
    const web = createService(history, 'web');
    const tasks = createTasks(history, web, 2);
    settle(history, scheduler);
    desire(history, web, 'remove', ...tasks);
    expect(settle(history, scheduler)).toMatchObject([{ type: 'tasks.unschedulable', message: '' }]);
    expect(messageOf(web)).toBeUndefined();
    expect(settle(history, scheduler)).toEqual([]);
  });

  it('forgets a removed service', () => {
    const web = createService(history, 'web');
    createTasks(history, web);
    settle(history, scheduler);
    removeService(history, web);
    settle(history, scheduler);
    joinReadyNode(history, 'n1');
    history.wait(2000);
    expect(settle(history, scheduler)).toEqual([]);
  });
});

describe('a decision that was lost', () => {
  it('is made again, until the state shows it', () => {
    joinReadyNode(history, 'n1');
    const web = createService(history, 'web');
    createTasks(history, web, 2);
    const decisions = decideOnce(history, scheduler);
    expect(decisions).toHaveLength(1);
    expect(decideOnce(history, scheduler)).toEqual(decisions);
    expect(appendDecision(history, decisions[0]!)).toBe(true);
    expect(decideOnce(history, scheduler)).toEqual([]);
  });

  it('is not made from what it was not told of', () => {
    joinReadyNode(history, 'n1');
    createTasks(history, createService(history, 'web'));
    expect(decideOnce(history, scheduler)).toHaveLength(1);
    changeStatus(history, 'n1', 'down');
    expect(scheduler.decide(history.state, history.now)).toEqual([]);
    changeStatus(history, 'n1', 'ready');
    expect(decideOnce(history, scheduler)).toHaveLength(1);
  });

  it('is made anew when another copy was faster on the node', () => {
    joinReadyNode(history, 'n1');
    joinReadyNode(history, 'n2');
    const web = createService(history, 'web');
    createTasks(history, web, 2);
    const [loser] = decideOnce(history, scheduler);
    settle(history, startAnew());
    expect(appendDecision(history, loser!)).toBe(false);
    expect(settle(history, scheduler)).toEqual([]);
    expect(spreadOf(web)).toEqual({ n1: 1, n2: 1 });
    expect(history.state.conflicts).toBe(0);
  });

  describe('does not keep from others what it did not give', () => {
    let running: string;
    let first: Service;
    let second: Service;
    beforeEach(() => {
      joinReadyNode(history, 'n1', { resources: { nanoCpus: 1e9, memoryBytes: 1e9 } });
      const holder = createService(history, 'holder', reserve(1));
      running = createTasks(history, holder)[0]!;
      settle(history, scheduler);
      first = createService(history, 'first', reserve(1));
      second = createService(history, 'second', reserve(1));
    });

    function loseAndSettle(): void {
      report(history, 'n1', { id: running, state: 'complete' });
      expect(decideOnce(history, scheduler)).toMatchObject([{ event: { tasks: [...first.tasks.keys()] } }]);
      removeService(history, first);
      settle(history, scheduler);
      expect(spreadOf(second)).toEqual({ n1: 1 });
    }

    it('when they waited for a node like the one that got it', () => {
      createTasks(history, first);
      createTasks(history, second);
      settle(history, scheduler);
      loseAndSettle();
    });

    it('when they came after it', () => {
      createTasks(history, second);
      settle(history, scheduler);
      createTasks(history, first);
      createTasks(history, second);
      loseAndSettle();
    });
  });
});

describe('another start', () => {
  it('goes on where the other copy stopped', () => {
    joinReadyNode(history, 'n1');
    const web = createService(history, 'web', reserve(3));
    const [first] = createTasks(history, web, 2);
    settle(history, scheduler);
    const fresh = startAnew();
    expect(settle(history, fresh)).toEqual([]);
    report(history, 'n1', { id: first!, state: 'failed' });
    settle(history, fresh);
    expect(web.pending.size).toBe(0);
  });
});

describe('a round', () => {
  it('is bounded, and a flood leaves others their share of it', () => {
    scheduler = createScheduler({ tasks: 100, share: 10 });
    for (const id of ['n1', 'n2']) joinReadyNode(history, id);
    const flood = createService(history, 'flood');
    createTasks(history, flood, 500);
    const quiet = createService(history, 'quiet');
    createTasks(history, quiet, 3);
    const first = decideOnce(history, scheduler);
    expect(first.flatMap(({ event }) => (event.type === 'tasks.assigned' ? event.tasks : []))).toHaveLength(
      53,
    );
    for (const decision of first) appendDecision(history, decision);
    expect(quiet.pending.size).toBe(0);
    settle(history, scheduler);
    expect(spreadOf(flood)).toEqual({ n1: 250, n2: 250 });
  });

  it('goes round the services when not all have a turn in one', () => {
    scheduler = createScheduler({ tasks: 20, share: 10 });
    joinReadyNode(history, 'n1');
    const services = ['a', 'b', 'c', 'd'].map((name) => createService(history, name));
    for (const service of services) createTasks(history, service, 20);
    const sizes = () => services.map(({ pending }) => pending.size);
    const rounds: number[][] = [];
    for (let round = 0; round < 4; round += 1) {
      for (const decision of decideOnce(history, scheduler)) appendDecision(history, decision);
      rounds.push(sizes());
    }
    expect(rounds).toEqual([
      [10, 10, 20, 20],
      [10, 10, 10, 10],
      [0, 0, 10, 10],
      [0, 0, 0, 0],
    ]);
  });

  it('that runs out of nodes to test asks to go on at once', () => {
    scheduler = createScheduler({ steps: 1 });
    joinReadyNode(history, 'n1');
    const services = ['a', 'b', 'c'].map((name) => createService(history, name, reserve(5)));
    for (const service of services) createTasks(history, service);
    expect(decideOnce(history, scheduler)).toHaveLength(1);
    expect(scheduler.nextWake()).toBe(history.now);
    settle(history, scheduler);
    expect(services.map(({ unschedulable }) => unschedulable?.message)).toEqual(
      Array(3).fill('no suitable node (insufficient resources on 1 node)'),
    );
  });

  it('gives a node no more in one event than it may hold', () => {
    scheduler = createScheduler({ nodeTasks: 4, nodeReasons: 2 });
    joinReadyNode(history, 'n1');
    joinReadyNode(history, 'n2');
    const web = createService(history, 'web');
    createTasks(history, web, 20);
    for (const name of ['a', 'b', 'c']) createTasks(history, createService(history, name), 2);
    const events = settle(history, scheduler);
    for (const event of events) {
      if (event.type !== 'tasks.assigned') throw new Error(event.type);
      expect(event.tasks.length).toBeLessThanOrEqual(4);
      expect(event.why.length).toBeLessThanOrEqual(2);
    }
    expect(spreadOf(web)).toEqual({ n1: 10, n2: 10 });
  });
});
