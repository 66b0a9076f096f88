import type { Status } from '@muster/api';
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
  foldVersion: 1,
};

const healthy: Seen = {
  server: { version: '2.15.1', url: '127.0.0.1:4222', roundTripMs: 0.4 },
  streams: [{ name: 'MUSTER_LOG', mismatches: [] }],
  head: 100,
  copies: [
    { id: '1', name: 'muster-api', version: '0.1.0', started: '', requests: 1 },
    { id: '2', name: 'muster-api', version: '0.1.0', started: '', requests: 1 },
    { id: '3', name: 'other', version: '0.1.0', started: '', requests: 1 },
  ],
  processes: [],
  status,
  downNodes: [],
  now: 60_000,
};

const complaints = (seen: Partial<Seen>) =>
  diagnose({ ...healthy, ...seen })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, what, says }) => `${level} ${what}: ${says}`);

it('has nothing to say against a healthy cluster', () => {
  expect(complaints({})).toEqual([]);
  expect(diagnose(healthy).find(({ what }) => what === 'copies')?.says).toBe('api 2');
});

describe('complains, with advice, of', () => {
  it.each<[string, Partial<Seen>, string]>([
    [
      'a missing stream',
      { streams: [{ name: 'MUSTER_LOG', mismatches: undefined }] },
      'fail streams: there is no MUSTER_LOG',
    ],
    [
      'a stream with other settings',
      { streams: [{ name: 'MUSTER_LOG', mismatches: [{ setting: 'max_age', expected: 0, found: 5 }] }] },
      'fail streams: MUSTER_LOG: max_age is 5 and must be 0',
    ],
    ['a server without JetStream', { streams: { error: 'not enabled' } }, 'fail streams: not enabled'],
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
    ['a halt', { status: { ...status, halted: 'unknown event' } }, 'fail halted: unknown event'],
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
      'warn tasks: web: no suitable node',
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

it('lets an intent take its moment', () => {
  const fresh = { ...status, openIntents: 1, oldestIntent: { seq: 98, time: 59_000 } };
  expect(complaints({ status: fresh })).toEqual([]);
});
