import { Directory } from '@muster/api';
import { decode, type EventDraft, encodeJson, intentSubject, VOID_SUBJECTS } from '@muster/events';
import { MemoryLog, MemorySnapshotStore } from '@muster/log';
import { deriveServiceId, deriveTaskId } from '@muster/model';
import { systemClock, takeSnapshot } from '@muster/runtime';
import { createState, foldRecord, ignoreChanges } from '@muster/state';
import { composeAsOf } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../commands/context.ts';
import { makeNode, makeSpec } from '../output/views.fixture.ts';
import { formatEntry } from './audit-text.ts';
import { chooseFormat } from './fact-text.ts';
import { type ShowEventsOptions, showEvents } from './show-events.ts';

const START = Date.UTC(2026, 0, 1);
const plain = { style: (_: string, text: string) => text };
const serviceId = deriveServiceId('web', 2);
const taskId = deriveTaskId(serviceId, 1, 1);
let log: MemoryLog;
let snapshots: MemorySnapshotStore;

/** A node, an intent for web, its task on the node; then an intent for db. One second apart. */
beforeEach(async () => {
  let time = START;
  log = new MemoryLog({ now: () => time });
  snapshots = new MemorySnapshotStore();
  async function append(subject: string, data: Uint8Array): Promise<void> {
    await log.append(subject, data);
    time += 1000;
  }
  async function event(draft: EventDraft): Promise<void> {
    const { subject, data } = composeAsOf(draft, time);
    await append(subject, data);
  }
  const { description } = makeNode();
  await event({ type: 'node.joined', cause: 0, nodeId: 'n1', session: 's', description });
  await append(intentSubject('ana', 'service', 'create', 'web'), encodeJson({ image: 'nginx' }));
  await event({ type: 'service.created', cause: 2, serviceId, actor: 'ana', spec: makeSpec() });
  await event({
    type: 'service.reconciled',
    cause: 3,
    serviceId,
    specVersion: 3,
    created: [{ id: taskId, slot: 1 }],
    why: ['scale up'],
  });
  await event({ type: 'tasks.assigned', cause: 4, nodeId: 'n1', tasks: [taskId, 'x'.repeat(25)], why: [] });
  await append(intentSubject('ana', 'service', 'scale', 'db'), encodeJson({ replicas: 2 }));
  await event({
    type: 'intent.rejected',
    cause: 6,
    intent: 6,
    actor: 'ana',
    kind: 'not-found',
    message: 'service db not found',
  });
});

async function show(options: Partial<ShowEventsOptions> = {}, team = ''): Promise<string[]> {
  let output = '';
  const terminal = {
    ...plain,
    write(text: string) {
      output += text;
    },
  };
  const defaults = {
    follow: false,
    since: undefined,
    until: undefined,
    tail: undefined,
    services: [],
    nodes: [],
    format: '{{.Seq}} {{.Who}} {{.What}}',
  };
  await showEvents({ log, snapshots, terminal, team } as unknown as Context, { ...defaults, ...options });
  return output.split('\n').slice(0, -1);
}

it('shows everything, a line each', async () => {
  expect(await show({ format: undefined })).toEqual([
    '2026-01-01T00:00:00.000Z #1      node1        joined: linux/amd64, 4 CPUs, 8GiB, docker 20.10.24',
    '2026-01-01T00:00:01.000Z #2      ana          asked to create service web (nginx, 1 replica)',
    '2026-01-01T00:00:02.000Z #3      orchestrator accepted #2: service web is created (nginx:alpine, 1 replica)',
    '2026-01-01T00:00:03.000Z #4      orchestrator created web.1  (scale up)',
    '2026-01-01T00:00:04.000Z #5      scheduler    gave web.1, xxxxxxxxxxxx to node node1',
    '2026-01-01T00:00:05.000Z #6      ana          asked to scale service db to 2',
    '2026-01-01T00:00:06.000Z #7      orchestrator rejected #6  (service db not found)',
  ]);
});

it('learns the names of what was before from the nearest snapshot, and reads no further back', async () => {
  const state = createState();
  for (const record of log.records.slice(0, 4)) foldRecord(state, record, ignoreChanges());
  await takeSnapshot(snapshots, state, systemClock);
  const reads: number[] = [];
  const { read } = log;
  log.read = (options) => {
    if (!options.subjects?.includes(VOID_SUBJECTS)) reads.push(options.from);
    return read.call(log, options);
  };
  expect(await show({ since: { seq: 5 } })).toEqual([
    '5 scheduler gave web.1, xxxxxxxxxxxx to node node1',
    '6 ana asked to scale service db to 2',
    '7 orchestrator rejected #6',
  ]);
  expect(Math.min(...reads)).toBe(5);
});

describe('a part of it', () => {
  it.each([
    [{ since: { seq: 5 } }, ['5', '6', '7']],
    [{ since: { seq: 0 }, until: { seq: 2 } }, ['1', '2']],
    [{ since: { time: START + 4_500 } }, ['6', '7']],
    [{ until: { time: START + 1_000 } }, ['1', '2']],
    [{ tail: 2 }, ['6', '7']],
    [{ tail: 0 }, []],
    [{ services: ['web'] }, ['2', '3', '4', '5']],
    [{ services: [serviceId] }, ['3', '4', '5']],
    [{ services: ['db'] }, ['6', '7']],
    [{ nodes: ['node1'] }, ['1', '5']],
    [{ services: ['db'], nodes: ['n1'] }, ['1', '5', '6', '7']],
    [{ services: ['web'], tail: 1 }, ['5']],
    [{ since: { seq: 99 } }, []],
  ] as const)('%j', async (options, seqs) => {
    expect((await show(options as Partial<ShowEventsOptions>)).map((line) => line.split(' ')[0])).toEqual(
      seqs,
    );
  });

  it('knows services by their team', async () => {
    await log.append(intentSubject('ana', 'service', 'remove', 'web', 'blue'), new Uint8Array());
    const last = ['8 ana asked to remove service blue/web'];
    expect(await show({ services: ['blue/web'] })).toEqual(last);
    expect(await show({ services: ['web'] }, 'blue')).toEqual(last);
    expect(await show({ services: ['web'] })).not.toContain(last[0]);
  });

  it('knows the names of what was before it', async () => {
    expect(await show({ since: { seq: 5 }, until: { seq: 5 } })).toEqual([
      '5 scheduler gave web.1, xxxxxxxxxxxx to node node1',
    ]);
  });

  it('speaks of the tasks of the service that was asked for', async () => {
    expect((await show({ services: ['web'] })).at(-1)).toBe('5 scheduler gave web.1 to node node1');
  });
});

it('follows from now on until the end that is asked for', async () => {
  const shown = show({ follow: true, until: { seq: 8 } });
  // Without anything from before: it begins at the head.
  for (let count = 0; count < 2; count += 1) {
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    await log.append(intentSubject('ana', 'service', 'remove', 'web'), new Uint8Array());
  }
  expect(await shown).toEqual(['8 ana asked to remove service web']);
});

it('gives programs everything, the record included', async () => {
  const [line] = await show({ since: { seq: 6 }, until: { seq: 6 }, format: 'json' });
  expect(JSON.parse(line!)).toEqual({
    seq: 6,
    time: '2026-01-01T00:00:05.000Z',
    subject: 'muster.intent.ana.service.scale.db',
    type: 'intent.service.scale',
    who: 'ana',
    what: 'asked to scale service db to 2',
    intent: { replicas: 2 },
  });
  const [event] = await show({ since: { seq: 4 }, until: { seq: 4 }, format: 'json' });
  expect(JSON.parse(event!)).toMatchObject({
    cause: 3,
    why: 'scale up',
    event: { type: 'service.reconciled' },
  });
});

it('has words for a record that is nothing', () => {
  const fact = decode({ seq: 1, time: START, subject: 'muster.event.agent.node.n1', data: new Uint8Array() });
  expect(chooseFormat(undefined, plain)(fact, new Directory())).toContain('wrote a record that is no event');
});

it('prints an audit with its reasons and causes', () => {
  const entry = {
    seq: 5,
    time: START,
    kind: 'tasks.assigned',
    who: 'scheduler',
    what: 'gave web.1 to node node1',
    why: 'it was free',
    cause: 4,
  };
  expect(formatEntry(undefined, plain)(entry)).toBe(
    `#5      2026-01-01T00:00:00.000Z scheduler: gave web.1 to node node1  <- #4\n${' '.repeat(33)}because: it was free\n`,
  );
  expect(formatEntry('json', plain)(entry)).toBe(
    `${JSON.stringify({ ...entry, time: '2026-01-01T00:00:00.000Z' })}\n`,
  );
  expect(formatEntry('{{.Seq}} {{.Kind}} {{.Why}}', plain)(entry)).toBe('5 tasks.assigned it was free\n');
});
