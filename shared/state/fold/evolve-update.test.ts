// What the fold makes of updates. What is decided about them is the orchestrator's (services/orchestrator/update).
import type { EventDraft } from '@muster/events';
import {
  assign,
  copyThroughSnapshot,
  createService,
  createTasks,
  type History,
  joinReadyNode,
  removeService,
  report,
  startHistory,
  updateService,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../cluster/readonly.ts';
import { hashState } from '../snapshots/hash.ts';

let history: History;
let service: Service;

beforeEach(() => {
  history = startHistory({ wire: 2 });
  joinReadyNode(history, 'n1');
  service = createService(history, 'web', { replicas: 2 });
  run(createTasks(history, service, 2));
});

function run(tasks: readonly string[]): void {
  assign(history, 'n1', ...tasks);
  report(history, 'n1', ...tasks.map((id) => ({ id, state: 'running' as const })));
}

/** As the orchestrator does for an update. The id of the new task. */
function replace(slot: number): string {
  const { newest, generation } = service.slots.get(slot)!;
  const id = `${slot}-${generation + 1}`.padEnd(25, 'x');
  append({
    type: 'service.reconciled',
    specVersion: service.version.seq,
    created: [{ id, slot, generation: generation + 1, cause: 'update', replaces: newest!.id }],
    desired: [{ id: newest!.id, state: 'shutdown' }],
    why: [],
  });
  assign(history, 'n1', id);
  return id;
}

type Said = EventDraft extends infer Draft
  ? Draft extends { serviceId: string }
    ? Omit<Draft, 'serviceId' | 'cause'>
    : never
  : never;

function append(said: Said): void {
  history.append({ ...said, cause: history.state.head, serviceId: service.id } as EventDraft);
}

const ended = (state: 'paused' | 'completed', specVersion = service.specSeq) =>
  append({ type: 'service.update_ended', specVersion, state, message: state });

const rolledBack = () => append({ type: 'service.rolled_back', message: 'back' });

describe('an update', () => {
  it('begins with a spec that leaves something to replace, and remembers the spec before', () => {
    const before = service.storedSpec;
    updateService(history, service, { image: 'busybox:2', replicas: 2 });
    expect(service.update).toMatchObject({ state: 'updating', message: 'update in progress', total: 2 });
    expect(service.previousSpec).toBe(before);
  });

  it('does not begin with one that leaves nothing to replace, or no place', () => {
    updateService(history, service, { replicas: 2, labels: { a: 'b' } });
    expect(service.update).toBeUndefined();
    updateService(history, service, { image: 'busybox:2', replicas: 0 });
    expect(service.update).toBeUndefined();
    expect(service.previousSpec).toBeDefined();
  });

  it('remembers when its tasks settled: no more of them than it replaces at once, and none without a delay', () => {
    updateService(history, service, { image: 'busybox:2', replicas: 2, update: { delay: '1h' } });
    run([replace(1)]);
    run([replace(2)]);
    const { settledAt, settledSeq } = service.update!;
    expect(service.update!.settled).toEqual([settledAt]);
    expect(settledSeq).toBe(history.state.head);
    updateService(history, service, { image: 'busybox:3', replicas: 2 });
    run([replace(1)]);
    expect(service.update!.settled).toEqual([]);
  });

  it('is the same through a snapshot', () => {
    updateService(history, service, { image: 'busybox:2', replicas: 2, update: { delay: '1h' } });
    report(history, 'n1', { id: replace(1), state: 'failed' });
    const copy = copyThroughSnapshot(history.state);
    expect(hashState(copy)).toBe(hashState(history.state));
    expect(copy.services.get(service.id)!.update).toEqual(service.update);
    expect(copy.services.get(service.id)!.previousSpec).toEqual(service.previousSpec);
  });

  it('ends once, and only where it is of the spec that it is said to be of', () => {
    updateService(history, service, { image: 'busybox:2', replicas: 2 });
    ended('completed', service.specSeq - 1);
    expect(service.update!.state).toBe('updating');
    ended('completed');
    expect(service.update).toMatchObject({ state: 'completed', message: 'completed' });
    expect(service.update!.completedAt).toBeDefined();
    ended('paused');
    expect(service.update!.state).toBe('completed');
    expect(history.state.conflicts).toBe(2);
  });

  it('is no more with the next spec, and that of a removed service never ends', () => {
    updateService(history, service, { image: 'busybox:2', replicas: 2 });
    ended('paused');
    updateService(history, service, { image: 'busybox:2', replicas: 3 });
    expect(service.update).toMatchObject({ state: 'updating', total: 2 });
    removeService(history, service);
    ended('completed');
    expect(service.update!.state).toBe('updating');
  });
});

describe('going back', () => {
  it('because of a failure is for an update that is under way, once', () => {
    rolledBack();
    expect(history.state.conflicts).toBe(1);
    const before = service.spec;
    updateService(history, service, { image: 'busybox:2', replicas: 2 });
    rolledBack();
    expect(service.spec).toEqual(before);
    expect(service.specSeq).toBe(history.state.head);
    expect(service.update).toMatchObject({ state: 'rollback_started', message: 'back', total: 0 });
    rolledBack();
    expect(service.update!.state).toBe('rollback_started');
    expect(history.state.conflicts).toBe(2);
  });

  it('spares what the update had not replaced', () => {
    updateService(history, service, { image: 'busybox:2', replicas: 2 });
    replace(1);
    rolledBack();
    expect([...service.outdated].map(({ number }) => number)).toEqual([1]);
    expect(service.update!.total).toBe(1);
  });

  it('on request is nothing without an intent', () => {
    updateService(history, service, { image: 'busybox:2', replicas: 2 });
    append({ type: 'service.rolled_back', actor: 'ana', message: 'x' });
    expect(service.update!.state).toBe('updating');
  });
});

describe('a log of the first wire version', () => {
  it('tells of no update', () => {
    history = startHistory();
    joinReadyNode(history, 'n1');
    service = createService(history, 'web', { replicas: 2 });
    run(createTasks(history, service, 2));
    updateService(history, service, { image: 'busybox:2', replicas: 2 });
    expect(service.outdated.size).toBe(2);
    expect(service.update).toBeUndefined();
    expect(service.previousSpec).toBeUndefined();
  });
});
