import { composeEvent, type EventDraft, encodeJson } from '@muster/events';
import { copyThroughSnapshot, foldAll, type History, joinReadyNode, startHistory } from '@muster/testing';
import { describe, expect, it } from 'vitest';
import { createState } from '../cluster/state.ts';
import { hashState } from '../snapshots/hash.ts';
import { createChanges } from './changes.ts';
import { foldRecord } from './fold-record.ts';
import { findVoids, mayBeVoided, sumOfRecord, wasFoldedWithout } from './voids.ts';

const SUBJECT = 'muster.event.orchestrator.service.s1';

function writeUnknown(history: History, subject = SUBJECT): number {
  const event = { v: 999, type: 'service.created', writer: 'orchestrator', cause: 0, at: AT };
  return history.record(subject, encodeJson(event));
}
const AT = '2026-01-01T00:00:00Z';

function draftVoid({ records }: History, record: number, actor = 'ana'): EventDraft {
  const { subject, data } = records[record - 1]!;
  const sum = sumOfRecord({ data });
  return { type: 'record.voided', cause: record, actor, record, subject, sum, reason: 'not ours' };
}

const declareVoid = (history: History, record: number, actor?: string) =>
  history.append(draftVoid(history, record, actor));

function begin(): History {
  const history = startHistory();
  joinReadyNode(history, 'n1');
  history.append({ type: 'cluster.created', cause: 0, clusterId: 'c', name: 'c' });
  history.intend('create', 'web', { image: 'x' });
  return history;
}

describe('a record that is void', () => {
  it('is left out by whoever knows, and halts nobody', () => {
    const history = begin();
    const record = writeUnknown(history);
    expect(history.state.halted?.record?.seq).toBe(record);
    declareVoid(history, record);
    const state = foldAll(history.records);
    expect(state.halted).toBeUndefined();
    expect([...state.voided]).toEqual([record]);
    expect(state.digest).toBe(history.state.digest);
  });

  it('counts for whoever decides on its subject', () => {
    const history = begin();
    const record = writeUnknown(history);
    declareVoid(history, record);
    expect(foldAll(history.records).lastSeqs.get(SUBJECT)).toBe(record);
  });

  it('is left out at every moment, also before it was declared void', () => {
    const history = begin();
    const record = writeUnknown(history);
    history.intend('create', 'db', { image: 'x' });
    declareVoid(history, record);
    const voids = findVoids(history.records);
    const state = createState(voids);
    for (const one of history.records.slice(0, record + 1)) foldRecord(state, one, createChanges());
    expect(state.halted).toBeUndefined();
    expect(state.intents.size).toBe(2);
  });

  it('leaves no trace but that, whatever it had brought about', () => {
    const history = begin();
    const node = {
      type: 'node.status_changed',
      cause: 1,
      nodeId: 'n1',
      status: 'down',
      message: '',
    } as const;
    const record = history.append(node);
    declareVoid(history, record);
    const state = foldAll(history.records);
    expect(state.nodes.get('n1')!.status).toBe('ready');
    // Commands that follow from it are there: all count from beyond them.
    expect(state.basisOffset).toBe(history.records.length);
  });

  it('makes whoever has folded it stop, and begin again', () => {
    const history = begin();
    const record = writeUnknown(history);
    const seq = declareVoid(history, record);
    expect(history.state.halted?.reason).toBe(
      `record ${record} is void since ${seq}: the log has to be folded again without it`,
    );
  });

  it('is void once, though several say so', () => {
    const history = begin();
    const record = writeUnknown(history);
    const first = declareVoid(history, record);
    declareVoid(history, record, 'eve');
    const voids = findVoids(history.records);
    expect(voids.byRecord).toEqual(new Map([[record, { seq: first, actor: 'ana', reason: 'not ours' }]]));
    expect(foldAll(history.records).conflicts).toBe(1);
  });

  it('was folded, or not, into what a snapshot holds', () => {
    const history = begin();
    const record = writeUnknown(history);
    declareVoid(history, record);
    const voids = findVoids(history.records);
    const state = foldAll(history.records);
    const restored = copyThroughSnapshot(state);
    expect(hashState(restored)).toBe(hashState(state));
    expect(restored.basisOffset).toBe(state.basisOffset);
    expect(wasFoldedWithout(restored, voids)).toBe(true);
    expect(wasFoldedWithout(history.state, voids)).toBe(false);
    expect(wasFoldedWithout(restored, { ...voids, byRecord: new Map() })).toBe(false);
    // It had not come so far.
    expect(wasFoldedWithout(foldAll(history.records.slice(0, record - 1)), voids)).toBe(true);
  });

  it('may be one that raises the version', () => {
    const history = begin();
    const record = history.append({ type: 'cluster.version_raised', cause: 1, version: 99 });
    expect(history.state.halted?.record).toMatchObject({ seq: record, type: 'cluster.version_raised' });
    declareVoid(history, record);
    expect(foldAll(history.records)).toMatchObject({ wireVersion: 1, halted: undefined });
  });
});

describe('never void', () => {
  const history = begin();
  const unknown = writeUnknown(history);
  const voidOfIt = declareVoid(history, unknown);
  const at = (seq: number) => history.records[seq - 1]!;
  it.each([
    ['an intent', history.records.find(({ subject }) => subject.startsWith('muster.intent.'))!],
    ['what says whose log it is', history.records.find(({ subject }) => subject.includes('.cluster.'))!],
    ['a void', at(voidOfIt)],
  ])('is %s', (_, record) => {
    expect(mayBeVoided(record)).toBe(false);
    const before = hashState(foldAll([...history.records]));
    const more = begin();
    writeUnknown(more);
    declareVoid(more, unknown);
    const says = composeEvent(draftVoid(history, record.seq), more.now);
    more.record(says.subject, says.data);
    const state = foldAll(more.records);
    expect(state.halted).toBeUndefined();
    expect([...state.voided]).toEqual([unknown]);
    expect(before).toHaveLength(32);
  });

  it('is what comes later, another record than was meant, or what is said badly', () => {
    const more = begin();
    const record = writeUnknown(more);
    const good = draftVoid(more, record) as Extract<EventDraft, { type: 'record.voided' }>;
    more.append({ ...good, sum: good.sum ^ 1 });
    more.append({ ...good, subject: `${SUBJECT}x` });
    more.append({ ...good, record: 1_000 });
    more.record('muster.event.operator.void.ana', encodeJson({ record }));
    const { subject, data } = composeEvent(good, 0);
    more.record(subject.replace('.ana', '.eve'), data);
    expect(findVoids(more.records).byRecord.size).toBe(0);
    expect(foldAll(more.records).halted?.record?.seq).toBe(record);
  });
});

it('an operator halts nobody, whatever he writes', () => {
  const history = begin();
  const event = { v: 999, type: 'record.voided', writer: 'operator', cause: 0, at: AT };
  const record = history.record('muster.event.operator.void.ana', encodeJson(event));
  expect(history.state.halted).toBeUndefined();
  expect(history.state.poison.has(record)).toBe(true);
});
