import type { Status } from '@muster/api';
import type { StoreReport, StreamReport } from '@muster/log';
import type { ServiceCopy } from '@muster/runtime';
import { describe, expect, it } from 'vitest';
import { makeProcess, makeRole } from '../top/looks.fixture.ts';
import { diagnose, type Seen } from './findings.ts';

const status: Status = {
  head: 100,
  wireVersion: 1,
  nodesReading: [],
  headTime: 0,
  services: 1,
  tasks: { running: 3 },
  nodes: { ready: 2 },
  openIntents: 0,
  openPoison: 0,
  unschedulable: [],
  conflicts: 0,
  losses: [],
  voided: 0,
  foldVersion: 1,
};

function storeOf(stream: Partial<StreamReport>, account: Partial<StoreReport> = {}): StoreReport {
  const log = {
    name: 'MUSTER_LOG',
    mismatches: [],
    bytes: 1024,
    maxBytes: undefined,
    isLeaderless: false,
    followers: [],
  };
  return { streams: [{ ...log, ...stream }], bytes: 2048, maxBytes: undefined, ...account };
}

function makeCopy(role: string): ServiceCopy {
  return { id: role, name: `muster-${role}`, version: '0.1.0', started: '', requests: 1 };
}

const level = { name: 'n3', isOffline: false, lag: 0, silentMs: undefined };

const healthy: Seen = {
  server: { version: '2.15.1', url: '127.0.0.1:4222', roundTripMs: 0.4 },
  store: storeOf({}),
  diskRefusal: undefined,
  servers: [{ name: 'n1', url: '127.0.0.1:4222', hasJetStream: true }],
  head: 100,
  copies: [
    { id: '1', name: 'muster-api', version: '0.1.0', started: '', requests: 1 },
    { id: '2', name: 'muster-api', version: '0.1.0', started: '', requests: 1 },
    { id: '3', name: 'other', version: '0.1.0', started: '', requests: 1 },
    ...['orchestrator', 'allocator', 'scheduler', 'dispatcher'].map((role) => makeCopy(role)),
  ],
  shortfalls: [],
  processes: [],
  agents: [],
  engines: [],
  status,
  outOfSightMs: undefined,
  downNodes: [],
  nodes: [],
  leftovers: { found: [], tended: new Set() },
  now: 60_000,
};

const complaints = (seen: Partial<Seen>) =>
  diagnose({ ...healthy, ...seen })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, what, says }) => `${level} ${what}: ${says}`);

it('has nothing to say against a healthy cluster', () => {
  expect(complaints({})).toEqual([]);
  expect(diagnose(healthy).find(({ what }) => what === 'copies')?.says).toBe(
    'allocator 1, api 2, dispatcher 1, orchestrator 1, scheduler 1',
  );
});

const halted = {
  reason: 'unknown event',
  record: { seq: 17, subject: 'muster.event.orchestrator.service.s', type: 'x' },
};

describe('complains, with advice, of', () => {
  it.each<[string, Partial<Seen>, string]>([
    [
      'a missing stream',
      { store: storeOf({ mismatches: undefined }) },
      'fail streams: there is no MUSTER_LOG',
    ],
    [
      'a log that is gone, of which something is left',
      {
        store: {
          ...storeOf({ mismatches: undefined }),
          streams: [
            ...storeOf({ mismatches: undefined }).streams,
            ...storeOf({ name: 'MUSTER_COMMANDS' }).streams,
          ],
        },
      },
      'fail streams: the log is gone: there is no MUSTER_LOG, and MUSTER_COMMANDS still is there. What runs goes on, and nothing is decided',
    ],
    [
      'a stream with other settings',
      { store: storeOf({ mismatches: [{ setting: 'max_age', expected: 0, found: 5 }] }) },
      'fail streams: MUSTER_LOG: max_age is 5 and must be 0',
    ],
    [
      'a disk that takes nothing',
      { diskRefusal: 'error creating store for consumer' },
      "fail store: nats-server can't put a file on its disk: error creating store for consumer",
    ],
    ['a server without JetStream', { store: { error: 'not enabled' } }, 'fail streams: not enabled'],
    [
      'a server that is away',
      { store: storeOf({ followers: [{ name: 'n2', isOffline: true, lag: 7, silentMs: 9_000 }, level] }) },
      'warn servers: n2 is offline, and holds copies of MUSTER_LOG',
    ],
    [
      'a server whose JetStream is off',
      {
        store: storeOf({ followers: [{ name: 'n2', isOffline: true, lag: 7, silentMs: 9_000 }, level] }),
        servers: [...healthy.servers, { name: 'n2', url: '127.0.0.1:4223', hasJetStream: false }],
      },
      'warn servers: n2 runs, and JetStream is off there; it holds copies of MUSTER_LOG',
    ],
    [
      'a server that has stopped storing',
      { store: storeOf({ followers: [{ name: 'n2', isOffline: false, lag: 7, silentMs: 9_000 }, level] }) },
      'warn servers: n2 runs, and has stopped storing MUSTER_LOG',
    ],
    [
      'a log that nobody leads',
      { store: storeOf({ isLeaderless: true }) },
      'fail streams: nobody leads MUSTER_LOG: nothing can be written, and what n1 tells may be old',
    ],
    [
      'an API that has not seen the log for long',
      { outOfSightMs: 12_345 },
      'warn age: the API that answers has not seen what the log took in the last 13 s: what it tells of services and nodes may be as old',
    ],
    [
      'a server that is behind',
      { store: storeOf({ followers: [{ name: 'n2', isOffline: false, lag: 2_300, silentMs: undefined }] }) },
      'warn servers: n2 is 2300 records of MUSTER_LOG behind',
    ],
    [
      'a stream that is nearly full',
      { store: storeOf({ bytes: 90, maxBytes: 100 }) },
      'warn store: MUSTER_LOG holds 90B of 100B',
    ],
    [
      'an account that is full',
      { store: storeOf({}, { bytes: 100, maxBytes: 100 }) },
      'fail store: the account holds 100B of 100B',
    ],
    [
      'a role that is not there',
      { copies: healthy.copies.filter(({ name }) => name !== 'muster-orchestrator') },
      'fail copies: there is no orchestrator: nothing that is asked for gets a verdict, and nothing that ends is replaced',
    ],
    [
      'a copy that stands still',
      {
        processes: [makeProcess([makeRole({ head: 100 })])],
        head: 2_000,
        status: { ...status, head: 2_000 },
      },
      'warn lag: scheduler-7 on alpha is 1900 records behind the log',
    ],
    [
      'a machine whose clock is wrong',
      {
        processes: [makeProcess([makeRole({ clockAheadMs: 600_000 }), makeRole({ clockAheadMs: 600_000 })])],
      },
      "warn clocks: the clock of alpha is 600.0 s ahead of the log's; what is decided there goes by the log's",
    ],
    [
      'a server whose clock has leapt',
      { processes: [makeProcess([makeRole({ logLeapMs: -90_000 })])] },
      'warn clocks: the clock of the NATS server that leads the log has leapt, and is 90.0 s behind what scheduler-7 on alpha goes by',
    ],
    [
      'a service that does not come up',
      {
        shortfalls: [
          {
            service: 'web',
            progress: { replicas: 4, running: 3, completed: 0, err: 'No such image: x' },
            updatedAt: 0,
          },
        ],
      },
      'fail services: web: 3 of 4 run: No such image: x',
    ],
    [
      'a service that waits for a node',
      {
        shortfalls: [
          {
            service: 'late',
            progress: { replicas: 1, running: 0, completed: 0, err: 'no node', unschedulable: 'no node' },
            updatedAt: 0,
          },
        ],
      },
      'warn services: late: 0 of 1 run: no node',
    ],
    [
      'a service that is still coming up',
      {
        shortfalls: [
          {
            service: 'payments/web',
            progress: { replicas: 4, running: 1, completed: 1, err: 'x' },
            updatedAt: 59_000,
          },
        ],
      },
      'warn services: payments/web: 1 of 4 run, 1 completed: x',
    ],
    ['no log', { head: { error: 'there is no log yet' } }, 'fail log: there is no log yet'],
    ['no API', { status: { error: 'no muster API answers here' } }, 'fail api: no muster API answers here'],
    ['lag', { head: 5_000 }, 'warn lag: the API is 4900 records behind the log'],
    [
      'a copy that is not ready',
      {
        processes: [makeProcess([makeRole({ trouble: 'halted: the cluster is at version 2' })])],
      },
      'warn copies: scheduler-7 on alpha is not ready: halted: the cluster is at version 2',
    ],
    [
      'copies and nodes that hold back a newer version',
      {
        processes: [
          makeProcess([makeRole({ reads: 2 }), makeRole({ copy: 'api-8', role: 'api' })]),
          makeProcess([makeRole({ copy: 'scheduler-9', reads: 1 })], { host: 'beta' }),
        ],
        status: {
          ...status,
          nodesReading: [
            { version: 1, nodes: 3, hostnames: ['one', 'two'] },
            { version: 2, nodes: 5, hostnames: ['x'] },
          ],
        },
      },
      'warn version: the cluster is at wire version 1; for version 2 these are too old: api-8 on alpha reads 1, scheduler-9 on beta reads 1, 3 nodes one, two and 1 more read 1',
    ],
    [
      'an API that has halted',
      { status: { ...status, halted: 'unknown event' } },
      'fail halted: the API has halted: unknown event',
    ],
    [
      'a halt',
      {
        processes: [makeProcess([makeRole({ copy: 'a', halted, trouble: 'halted: …' })])],
        status: { ...status, halted: halted.reason, haltedOn: halted.record },
      },
      'fail halted: the cluster has halted on record 17 on muster.event.orchestrator.service.s (x by the orchestrator): unknown event',
    ],
    [
      'some copies that have halted',
      {
        processes: [makeProcess([makeRole({ copy: 'a', halted }), makeRole({ copy: 'b' })], { host: 'h' })],
      },
      'warn halted: a on h has halted on record 17 on muster.event.orchestrator.service.s (x by the orchestrator): unknown event',
    ],
    [
      'poison',
      { status: { ...status, openPoison: 2 } },
      'warn records: 2 invalid records wait to be quarantined',
    ],
    [
      'intents that nobody answers',
      { status: { ...status, openIntents: 2, oldestIntent: { seq: 98, time: 0 } } },
      'fail intents: 2 without a verdict; #98 waits for 60 seconds',
    ],
    [
      'tasks that nobody allocates',
      { status: { ...status, tasks: { new: 2 } } },
      'warn tasks: 2 wait for the allocator',
    ],
    [
      'tasks that nobody places',
      { status: { ...status, tasks: { pending: 2 } } },
      'warn tasks: 2 wait for a node',
    ],
    [
      'tasks that fit nowhere',
      {
        status: {
          ...status,
          tasks: { pending: 2 },
          unschedulable: [{ service: 'web', message: 'no suitable node' }],
        },
      },
      'warn services: web: no suitable node',
    ],
    [
      'what the log has lost',
      {
        status: {
          ...status,
          losses: [
            { time: 0, after: 3, to: 9, intents: [{ seq: 5, subject: 'muster.intent.a.b.c' }], omitted: 2 },
            { time: -48 * 3600_000, after: 1, to: 2, intents: [], omitted: 0 },
          ],
        },
      },
      'warn lost: the log had lost what was read of it after #3 up to #9, found at 1970-01-01T00:00:00.000Z; intents that are gone: #5 muster.intent.a.b.c, 2 more',
    ],
    ['no nodes', { status: { ...status, nodes: {} } }, 'fail nodes: there is none'],
    ['some nodes', { status: { ...status, nodes: { ready: 1, down: 1 } } }, 'warn nodes: 1 of 2 ready'],
    ['all nodes', { status: { ...status, nodes: { down: 2 } } }, 'fail nodes: 0 of 2 ready'],
    [
      'a node in trouble',
      { downNodes: [{ hostname: 'node1', status: 'down', message: 'heartbeat failure' }] },
      'warn nodes: node1 is down: heartbeat failure',
    ],
  ])('%s', (_, seen, complaint) => {
    expect(complaints(seen)).toEqual([complaint]);
  });

  it('every failure says what to do', () => {
    const seen = {
      ...healthy,
      status: { ...status, nodes: {}, halted: 'x', openIntents: 1, oldestIntent: { seq: 1, time: 0 } },
    };
    for (const { level, advice } of diagnose(seen)) if (level === 'fail') expect(advice).toMatch(/\w/);
  });
});

const stopped = (name: string) => ({ name, isOffline: false, lag: 7, silentMs: 9_000 });

describe('a store that takes nothing fails', () => {
  it('where most of its servers have stopped, not where one has', () => {
    expect(complaints({ store: storeOf({ followers: [stopped('n2'), level] }) })).toEqual([
      'warn servers: n2 runs, and has stopped storing MUSTER_LOG',
    ]);
    expect(complaints({ store: storeOf({ followers: [stopped('n2'), stopped('n3')] }) })).toContain(
      "fail store: nothing can be stored in MUSTER_LOG: most of the servers that hold it don't store",
    );
  });

  it('once, however many found it', () => {
    const full = [{ stream: 'MUSTER_LOG', why: 'NATS answers, and stores nothing' }];
    const seen = {
      processes: [makeProcess([makeRole({ full }), makeRole()])],
      agents: [makeProcess([makeRole({ role: 'agent', full })])],
    };
    expect(complaints(seen)).toEqual([
      'fail store: nothing can be stored in MUSTER_LOG: NATS answers, and stores nothing',
    ]);
  });
});

it('does not advise to start what is there, or may be beyond servers that are cut off', () => {
  const adviceOn = (what: string, seen: Partial<Seen>) =>
    diagnose({ ...healthy, ...seen }).find((finding) => finding.what === what && finding.level === 'fail')
      ?.advice;
  expect(adviceOn('api', { status: { error: 'no answer' } })).toMatch(/^one is there and does not answer/);
  expect(adviceOn('api', { status: { error: 'no answer' }, copies: [] })).toMatch(/^start/);
  const cutOff = { store: storeOf({ isLeaderless: true }), head: { error: 'no answer' }, copies: [] };
  expect(adviceOn('log', cutOff)).toMatch(/^bring the servers of NATS together/);
});

it('lets an intent take its moment', () => {
  const fresh = { ...status, openIntents: 1, oldestIntent: { seq: 98, time: 59_000 } };
  expect(complaints({ status: fresh })).toEqual([]);
});
