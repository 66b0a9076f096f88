import type { Way, WayTask } from '@muster/api';
import { describe, expect, it } from 'vitest';
import { splitPort } from '../commands/network/network-why.ts';
import type { Look } from './judge-sender.ts';
import { judgeWay, type Seen } from './judge-way.ts';

const VIP = '10.0.3.250';

function task(name: string, host: number, last: number, change: Partial<WayTask> = {}): WayTask {
  return {
    id: name,
    name,
    desired: 'running',
    state: 'running',
    err: '',
    addresses: [{ networkId: 'n1', address: `10.0.3.${last}` }],
    node: { id: `node${host}`, hostname: `host${host}`, status: 'ready', underlay: `192.0.2.${host}` },
    ...change,
  };
}

const from = task('web.1.a', 1, 7);
const there = task('db.1.b', 2, 70);
const network: Way['networks'][number] = {
  id: 'n1',
  name: 'front',
  internal: false,
  names: ['db'],
  vip: VIP,
  endpoints: [{ taskId: 'db.1.b', address: '10.0.3.70' }],
};
const way: Way = {
  from,
  fromNetworks: ['front'],
  to: {
    kind: 'service',
    id: 's2',
    name: 'db',
    service: { id: 's2', name: 'db' },
    wanted: 1,
    running: 1,
    tasks: [there],
    omittedTasks: 0,
    networks: ['front'],
    ports: [],
  },
  networks: [network],
};
const quiet = { ok: true, follows: 9, heard: 9, resolver: true, astray: [], routes: [] } as const;
const client: Look = {
  ...quiet,
  astray: [],
  task: { address: '10.0.3.7', astray: [], listeners: [] },
  name: { addresses: [VIP] },
  endpoints: ['10.0.3.70'],
  routes: [{ to: '10.0.3.70', way: 'via 169.254.128.2 dev vx0', through: '192.0.2.2', isOpen: true }],
};
const target: Look = {
  ...quiet,
  astray: [],
  task: {
    address: '10.0.3.70',
    astray: [],
    listeners: [
      { protocol: 'tcp', address: '0.0.0.0', port: 5432 },
      { protocol: 'tcp', address: '127.0.0.1', port: 8080 },
    ],
  },
  routes: [{ to: '10.0.3.7', way: 'via 169.254.128.1 dev vx0', through: '192.0.2.1', isOpen: true }],
};

function judge(seen: Partial<Seen> = {}): string[] {
  const whole = { way, client, targets: new Map([['db.1.b', target]]), port: 5432, ...seen };
  return judgeWay(whole).map(({ level, what, says }) => `${level} ${what}: ${says}`);
}
const wrong = (steps: readonly string[]) => steps.filter((step) => !step.startsWith('ok'));
const withNetwork = (change: Partial<typeof network>): Way => ({
  ...way,
  networks: [{ ...network, ...change }],
});

describe('a way', () => {
  it('is told from end to end where nothing is wrong', () => {
    expect(judge()).toEqual([
      'ok task: web.1.a runs on host1',
      'ok network: both are on front, where web.1.a is 10.0.3.7',
      'ok node: host1 goes by all that it was told (9)',
      'ok rules: host1 has all that it is to have',
      'ok link: web.1.a is attached as 10.0.3.7',
      `ok name: db is ${VIP}`,
      `ok address: ${VIP} leads to 10.0.3.70`,
      'ok task: db.1.b runs on host2',
      'ok route: host1 sends to 10.0.3.70 through host2 (192.0.2.2)',
      'ok node: host2 goes by all that it was told (9)',
      'ok rules: host2 has all that it is to have',
      'ok link: db.1.b is attached as 10.0.3.70',
      'ok route: host2 sends to 10.0.3.7 through host1 (192.0.2.1)',
      'ok port: db.1.b listens on 5432 (tcp)',
    ]);
  });

  it('ends at once without a network, an address, or a task that runs', () => {
    expect(judge({ way: { ...way, networks: [], fromNetworks: ['back'] } }).at(-1)).toBe(
      'stops network: they share no network: web.1.a is on back, db on front',
    );
    expect(judge({ way: withNetwork({ failure: 'no subnet is free' }) }).at(-1)).toBe(
      'stops network: front has no subnet: no subnet is free',
    );
    const waits = task('web.1.a', 1, 7, { state: 'pending', err: 'no suitable node' });
    expect(wrong(judge({ way: { ...way, from: waits } }))).toEqual([
      'stops task: web.1.a is pending: no suitable node',
    ]);
  });

  it('stops where nobody takes traffic, and says why', () => {
    const failed = task('db.1.c', 2, 71, { state: 'failed', err: 'exit code 1' });
    const to = { ...way.to, running: 0, tasks: [failed] };
    expect(wrong(judge({ way: { ...withNetwork({ endpoints: [] }), to } }))).toEqual([
      'stops address: nobody takes traffic for db: 0 of 1 tasks run; db.1.c is failed: exit code 1',
    ]);
  });

  it.each<[string, Partial<Look>, string]>([
    ['resolver', { resolver: false }, 'stops name: nobody answers names on host1: its resolver is not there'],
    [
      'name',
      { name: { error: 'ENOTFOUND' } },
      'stops name: the resolver of host1 says of db: there is no such name',
    ],
    [
      'old name',
      { name: { addresses: ['10.0.3.9'] } },
      `stops name: db is 10.0.3.9 to the resolver of host1, and should be ${VIP}`,
    ],
    [
      'rule',
      { endpoints: [] },
      `stops address: the node has no rule for ${VIP}, which should lead to 10.0.3.70`,
    ],
    [
      'old endpoint',
      { endpoints: ['10.0.3.70', '10.0.3.9'] },
      `stops address: ${VIP} also leads to 10.0.3.9, where nobody is any more`,
    ],
    [
      'broken rule',
      { astray: ['chain choose is missing'] },
      'doubt rules: on host1, chain choose is missing',
    ],
    ['late node', { follows: 7 }, 'doubt node: host1 goes by what was said up to 7 of 9'],
    [
      'route',
      { routes: [{ to: '10.0.3.70', way: 'No route to host', isOpen: false }] },
      'stops route: host1 has no way to 10.0.3.70 of db.1.b: No route to host',
    ],
    [
      'other node',
      { routes: [{ to: '10.0.3.70', way: 'x', through: '192.0.2.9', isOpen: true }] },
      'stops route: host1 sends to 10.0.3.70 through 192.0.2.9, and db.1.b is at 192.0.2.2',
    ],
    [
      'firewall',
      { connection: { error: 'ETIMEDOUT' } },
      'stops try: a connection to 5432 was not answered in two seconds',
    ],
  ])('tells of a %s', (_, change, step) => {
    expect(wrong(judge({ client: { ...client, ...change } }))).toEqual([step]);
  });

  it('tells of a task that is not attached', () => {
    const { task: _, ...unattached } = client;
    expect(wrong(judge({ client: unattached }))).toEqual(['stops link: web.1.a is not attached on host1']);
  });

  it('tells who listens where, when nobody does on the port', () => {
    expect(wrong(judge({ port: 80 }))).toEqual([
      'stops port: nobody listens on 80 in db.1.b, but on 5432 (tcp)',
    ]);
    expect(wrong(judge({ port: 8080 }))).toEqual(['stops port: db.1.b listens on 8080 at 127.0.0.1 only']);
  });

  it('goes on past a node that is deaf, and says so', () => {
    const silent = { silent: 'no answer' };
    const deaf = (host: string) =>
      `doubt node: ${host} does not answer: what its kernel has is not known, and goes on as it was`;
    expect(wrong(judge({ client: silent, targets: new Map([['db.1.b', silent]]) }))).toEqual([
      deaf('host1'),
      deaf('host2'),
    ]);
    const refused = { refused: 'the node has no part in networks: there is no program nft' };
    expect(wrong(judge({ targets: new Map([['db.1.b', refused]]) }))).toEqual([
      'stops node: host2: the node has no part in networks: there is no program nft',
    ]);
  });
});

it('takes a port from the end of a target', () => {
  expect(splitPort('db:5432')).toEqual({ to: 'db', port: 5432 });
  expect(splitPort('payments/db')).toEqual({ to: 'payments/db', port: undefined });
  expect(splitPort('[fd00::7]:80')).toEqual({ to: 'fd00::7', port: 80 });
  expect(splitPort('fd00::7')).toEqual({ to: 'fd00::7', port: undefined });
  expect(() => splitPort('db:70000')).toThrow('70000 is no port');
  expect(() => splitPort(':80')).toThrow('is no service or task');
});
