import { deriveServiceId, normaliseServiceSpec } from '@muster/model';
import {
  assign,
  copyThroughSnapshot,
  describeIndices,
  type History,
  joinReadyNode,
  report,
  serviceNamed,
  startHistory,
  tasksOf,
} from '@muster/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createState } from '../cluster/state.ts';
import { createChanges } from '../fold/changes.ts';
import { foldRecord } from '../fold/fold-record.ts';
import { captureState } from './capture.ts';
import { hashRows, hashState } from './hash.ts';
import type { Row } from './rows.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';

/** A history that touches every kind of row. */
function tellStory(): History {
  const history = startHistory();
  joinReadyNode(history, 'n1');
  joinReadyNode(history, 'n2');
  const intent = history.intend('apply', 'web', {
    image: 'nginx',
    replicas: 2,
    ports: [{ target: 80, mode: 'host' }],
  });
  history.append({
    type: 'service.created',
    cause: intent,
    actor: 'ana',
    serviceId: deriveServiceIdOf(intent),
    spec: specOf(history),
  });
  const { id, version } = serviceNamed(history.state, 'web');
  history.append({
    type: 'service.reconciled',
    cause: version.seq,
    serviceId: id,
    specVersion: version.seq,
    created: [
      { id: 'a', slot: 1 },
      { id: 'b', slot: 2 },
      { id: 'c', slot: 3 },
    ],
    why: ['scale up'],
  });
  const ports = [{ ...version.requestedPorts[0]!, publishedPort: 30000 }];
  history.append({
    type: 'service.allocated',
    cause: version.seq,
    serviceId: id,
    specVersion: version.seq,
    ports,
  });
  history.append({
    type: 'tasks.unschedulable',
    cause: 1,
    serviceId: id,
    specVersion: version.seq,
    message: 'no',
    refused: [],
  });
  assign(history, 'n1', 'a');
  assign(history, 'n2', 'b');
  report(history, 'n1', { id: 'a', state: 'running' });
  report(
    history,
    'n2',
    { id: 'b', state: 'failed', err: 'task: non-zero exit (1)', exitCode: 1 },
    { id: 'stray', state: 'running' },
  );
  history.append({
    type: 'service.reconciled',
    cause: history.state.head,
    serviceId: id,
    specVersion: version.seq,
    created: [
      {
        id: 'd',
        slot: 2,
        generation: 2,
        desired: 'ready',
        startAt: history.now + 5000,
        replaces: 'b',
        cause: 'restart',
      },
    ],
    desired: [
      { id: 'b', state: 'shutdown' },
      { id: 'c', state: 'remove' },
    ],
    why: ['restart'],
  });
  history.append({
    type: 'node.status_changed',
    cause: 1,
    nodeId: 'n1',
    status: 'down',
    message: 'heartbeat failure',
  });
  history.intend('scale', 'web', { replicas: 5 });
  history.record('muster.event.agent.node.n1', new TextEncoder().encode('nonsense'));
  return history;
}

const deriveServiceIdOf = (intent: number) => deriveServiceId('web', intent);
function specOf(history: History) {
  const normalised = normaliseServiceSpec([...history.state.intents.values()][0]!.body, 'web');
  if (!normalised.ok) throw new Error(normalised.refusal.message);
  return normalised.spec;
}

function drain<Result>(steps: Iterator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

describe('snapshots', () => {
  it('restore to the same hash and the same indices', () => {
    const { state } = tellStory();
    const restored = copyThroughSnapshot(state);
    expect(hashState(restored)).toBe(hashState(state));
    expect(describeIndices(restored)).toEqual(describeIndices(state));
  });

  it('at any point, plus the tail, equal the whole', () => {
    const { records, state } = tellStory();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: records.length }), (cut) => {
        const before = createState();
        for (const record of records.slice(0, cut)) foldRecord(before, record, createChanges());
        const restored = copyThroughSnapshot(before);
        for (const record of records.slice(cut)) foldRecord(restored, record, createChanges());
        expect(hashState(restored)).toBe(hashState(state));
        expect(describeIndices(restored)).toEqual(describeIndices(state));
      }),
    );
  });

  it('hold the state of the moment they were begun at, however it goes on', () => {
    const { records, state } = tellStory();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: records.length }), (cut) => {
        const going = createState();
        for (const record of records.slice(0, cut)) foldRecord(going, record, createChanges());
        const hash = hashState(going);
        const [first, second] = [captureState(going), captureState(going)];
        for (const record of records.slice(cut)) foldRecord(going, record, createChanges());
        for (const capture of [first, second]) {
          expect(drain(hashRows(capture.rows()))).toBe(hash);
          const reader = readSnapshot();
          for (const chunk of writeSnapshot(capture)) reader.take(chunk);
          const restored = drain(reader.finish());
          expect(hashState(restored)).toBe(hash);
          for (const record of records.slice(cut)) foldRecord(restored, record, createChanges());
          expect(hashState(restored)).toBe(hashState(state));
          capture.release();
        }
        expect(hashState(going)).toBe(hashState(state));
      }),
    );
  });

  it('are of that moment in the midst of a page as well', () => {
    const { records } = tellStory();
    for (let cut = 0; cut <= records.length; cut += 1) {
      const going = createState();
      for (const record of records.slice(0, cut)) foldRecord(going, record, createChanges());
      const hash = hashState(going);
      const capture = captureState(going);
      const rows: Row[] = [];
      const ahead = records.slice(cut).values();
      for (const row of capture.rows()) {
        rows.push(row);
        // Tasks come and go between one row of tasks and the next.
        if (row[0] !== 'task') continue;
        for (const record of ahead) foldRecord(going, record, createChanges());
      }
      expect(drain(hashRows(rows))).toBe(hash);
      capture.release();
    }
  });

  it('are refused when anything of them is missing or differs', () => {
    const chunks = [...writeSnapshot(captureState(tellStory().state))];
    const read = (broken: readonly Uint8Array[]) => {
      const reader = readSnapshot();
      for (const chunk of broken) reader.take(chunk);
      return drain(reader.finish());
    };
    const { head } = tellStory().state;
    expect(read(chunks).head).toBe(head);
    expect(read(chunks.map((chunk) => Buffer.from(chunk))).head).toBe(head);
    const flipped = chunks[1]!.slice();
    flipped[flipped.length - 3]! ^= 1;
    for (const broken of [chunks.slice(0, -1), chunks.toSpliced(2, 1), chunks.with(1, flipped)])
      expect(() => read(broken)).toThrow();
  });
});

describe('the state hash', () => {
  it('is the same for the same log', () => {
    const { records } = tellStory();
    const again = createState();
    for (const record of records) foldRecord(again, record, createChanges());
    expect(hashState(again)).toBe(hashState(tellStory().state));
  });

  it('differs after every single fact', () => {
    const state = createState();
    const hashes = new Set([hashState(state)]);
    const { records } = tellStory();
    for (const record of records) {
      foldRecord(state, record, createChanges());
      hashes.add(hashState(state));
    }
    expect(hashes.size).toBe(records.length + 1);
  });

  it('tells one field of one task apart', () => {
    const history = tellStory();
    const before = hashState(history.state);
    const { id } = tasksOf(serviceNamed(history.state, 'web'))[0]!;
    history.state.tasks.get(id)!.exitCode = 3;
    expect(hashState(history.state)).not.toBe(before);
  });
});
