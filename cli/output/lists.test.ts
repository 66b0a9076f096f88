import { describe, expect, it } from 'vitest';
import { filterItems } from './filters.ts';
import { type Item, printList } from './list.ts';
import { nodeColumns, nodeFilters, nodeHeaders, showNode } from './node-list.ts';
import { serviceColumns, serviceFilters, shortenImage, showService } from './service-list.ts';
import { showTasks, taskColumns, taskFilters } from './task-list.ts';
import { printTeamList } from './team-list.ts';
import { makeNode, makeService, makeTask } from './views.fixture.ts';

const NOW = Date.UTC(2026, 0, 1) + 65_000;

describe('service ls', () => {
  it('has the columns and words of Docker', () => {
    const service = makeService({ replicas: 3 }, { running: 2 });
    expect(printList([showService(service)], serviceColumns, {}, {})).toBe(
      'ID             NAME      MODE         REPLICAS   IMAGE          PORTS\nssssssssssss   web       replicated   2/3        nginx:alpine\n',
    );
  });

  it('shows of a global service what is wanted of its nodes', () => {
    const service = makeService({ mode: 'global' }, { mode: 'global', replicas: 3, running: 2 });
    expect(showService(service)).toMatchObject({ Mode: 'global', Replicas: '2/3' });
    expect(filterItems([service], ['mode=global'], serviceFilters)).toHaveLength(1);
  });

  it('says how many may be on one node', () => {
    const service = makeService({ replicas: 4, placement: { maxReplicas: 2 } });
    expect(showService(service).Replicas).toBe('0/4 (max 2 per node)');
  });

  it('leaves ports on single nodes to the tasks that hold them', () => {
    const ports = [
      { protocol: 'tcp', targetPort: 80, publishedPort: 8080, publishMode: 'ingress' },
      { protocol: 'udp', targetPort: 53, publishedPort: 5353, publishMode: 'host' },
    ] as const;
    expect(showService(makeService({}, { ports: [...ports] })).Ports).toBe('*:8080->80/tcp');
  });

  it('cuts ids and digests unless told not to', () => {
    const image = `nginx:1@sha256:${'0'.repeat(64)}`;
    expect(showService(makeService({}, { image }))).toMatchObject({ ID: 's'.repeat(12), Image: 'nginx:1' });
    expect(showService(makeService({}, { image }), { noTrunc: true })).toMatchObject({
      ID: 's'.repeat(25),
      Image: image,
    });
    expect(shortenImage('localhost:5000/nginx')).toBe('localhost:5000/nginx');
  });

  it.each([
    ['id=sss', 1],
    ['id=x', 0],
    ['name=we', 1],
    ['name=WE', 1],
    ['name=eb', 0],
    ['label=team', 1],
    ['label=team=blue', 1],
    ['label=team=red', 0],
    ['mode=replicated', 1],
    ['mode=global', 0],
  ])('filter %s', (filter, count) => {
    const services = [makeService({ labels: { team: 'blue' } })];
    expect(filterItems(services, [filter], serviceFilters)).toHaveLength(count);
  });
});

describe('teams', () => {
  const ours = showService(makeService());
  const theirs = showService(makeService({}, { team: 'blue' }));
  const print = (items: readonly Item[], format?: string) =>
    printTeamList(items, serviceColumns, { format }).split('\n').slice(0, -1);

  it('are shown where there are any', () => {
    expect(print([ours])[0]).toMatch(/^ID +NAME +MODE/);
    const [header, first, second] = print([ours, theirs]);
    expect(header).toMatch(/^ID +NAME +TEAM +MODE/);
    expect(first).toMatch(/^s+ +web +replicated/);
    expect(second).toMatch(/^s+ +web +blue +replicated/);
  });

  it('are in the JSON of what is outside the default one, and in any template', () => {
    const objects = print([ours, theirs], 'json').map((line) => JSON.parse(line));
    expect(objects.map((item) => item.Team)).toEqual([undefined, 'blue']);
    expect(print([ours, theirs], '{{.Name}} {{.Team}}')).toEqual(['web ', 'web blue']);
    expect(print([ours], 'table {{.Name}}\\t{{.Team}}')[0]).toMatch(/^NAME +TEAM$/);
  });

  it('stand beside the tasks of a node', () => {
    const items = showTasks([makeTask(), makeTask({ team: 'blue' })], { now: NOW });
    expect(printTeamList(items, taskColumns, {})).toMatch(/^ID +NAME +TEAM +IMAGE/);
  });
});

describe('service ps', () => {
  const history = [
    makeTask({ generation: 2, stateAt: NOW - 3_000 }),
    makeTask({
      id: 'u'.repeat(25),
      desired: 'shutdown',
      state: 'failed',
      stateAt: NOW - 10_000,
      err: 'exit 1',
    }),
    makeTask({
      id: 'v'.repeat(25),
      slot: 2,
      state: 'pending',
      nodeId: undefined as never,
      hostname: undefined as never,
    }),
  ];

  it('names the tasks of a global service by their nodes, and keeps their histories apart', () => {
    const places = ['n1', 'n1', 'n2'].map((place) => makeTask({ slot: 0, place }));
    expect(showTasks(places, { now: NOW }).map(({ Name }) => Name)).toEqual([
      'web.n1',
      ' \\_ web.n1',
      'web.n2',
    ]);
    expect(filterItems(places, ['name=web.n2'], taskFilters)).toHaveLength(1);
  });

  it('shows the newest of a slot first, and its history below it', () => {
    expect(printList(showTasks(history, { now: NOW }), taskColumns, {}, {})).toBe(
      [
        'ID             NAME        IMAGE          NODE      DESIRED STATE   CURRENT STATE                ERROR      PORTS',
        'tttttttttttt   web.1       nginx:alpine   node1     Running         Running 3 seconds ago',
        'uuuuuuuuuuuu    \\_ web.1   nginx:alpine   node1     Shutdown        Failed 10 seconds ago        "exit 1"',
        'vvvvvvvvvvvv   web.2       nginx:alpine             Running         Pending about a minute ago',
        '',
      ].join('\n'),
    );
  });

  it('shows host ports of what runs', () => {
    const ports = [{ protocol: 'tcp', targetPort: 80, publishedPort: 8080, publishMode: 'host' }] as const;
    const shown = showTasks(
      [makeTask({ ports: [...ports] }), makeTask({ slot: 2, state: 'failed', ports: [...ports] })],
      { now: NOW },
    );
    expect(shown.map(({ Ports }) => Ports)).toEqual(['*:8080->80/tcp', '']);
  });

  it('shows ids for names when told not to resolve', () => {
    expect(showTasks([makeTask()], { now: NOW, noResolve: true, noTrunc: true })[0]).toMatchObject({
      ID: 't'.repeat(25),
      Name: `${'s'.repeat(25)}.1`,
      Node: 'n'.repeat(25),
    });
  });

  it.each([
    [['desired-state=running'], 2],
    [['desired-state=shutdown'], 1],
    [['desired-state=running', 'desired-state=shutdown'], 3],
    [['node=node1'], 2],
    [['name=web.2'], 1],
    [['name=web'], 3],
    [['name=Web.2'], 1],
    [['node=NODE1', 'desired-state=Running'], 1],
    [['id=uu', 'id=vv'], 2],
  ])('filter %s', (filters, count) => {
    expect(filterItems(history, filters, taskFilters)).toHaveLength(count);
  });
});

describe('node ls', () => {
  it('has the columns of Docker that mean something here', () => {
    expect(printList([showNode(makeNode())], nodeColumns, nodeHeaders, {})).toBe(
      `ID                          HOSTNAME   STATUS    AVAILABILITY   MANAGER STATUS   TASKS     BACKEND   ENGINE VERSION\n${'n'.repeat(25)}   node1      Ready     Active                          2         docker    20.10.24\n`,
    );
  });

  it('answers templates that ask who is a manager', () => {
    const format = 'table {{.Hostname}}\\t{{.ManagerStatus}}\\t{{.Self}}';
    expect(printList([showNode(makeNode())], nodeColumns, nodeHeaders, { format })).toBe(
      'HOSTNAME   MANAGER STATUS   SELF\nnode1                       false\n',
    );
  });

  it('tells managers from workers, and who is drained', () => {
    const spec = { availability: 'drain', role: 'manager' } as const;
    const managers = [makeNode(spec), makeNode({ ...spec, status: 'down' })];
    expect(managers.map(showNode)).toMatchObject([
      { Availability: 'Drain', ManagerStatus: 'Reachable' },
      { Availability: 'Drain', ManagerStatus: 'Unavailable' },
    ]);
    const nodes = [makeNode(), ...managers];
    expect(filterItems(nodes, ['role=manager'], nodeFilters)).toEqual(managers);
    expect(filterItems(nodes, ['availability=active'], nodeFilters)).toEqual([nodes[0]]);
  });

  it('filters by status and label', () => {
    const nodes = [makeNode(), makeNode({ status: 'down', labels: {} })];
    expect(filterItems(nodes, ['status=Down'], nodeFilters)).toEqual([nodes[1]]);
    expect(filterItems(nodes, ['node.label=zone=a'], nodeFilters)).toEqual([nodes[0]]);
  });
});
