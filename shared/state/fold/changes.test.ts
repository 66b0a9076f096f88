import { createService, createTasks, type History, removeService, startHistory } from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { lastSeqOf } from '../cluster/state.ts';
import { clearChanges, createChanges, ignoreChanges } from './changes.ts';

let history: History;

beforeEach(() => {
  history = startHistory();
});

it('tells each task of a service that one event changes as a whole', () => {
  const waiting = createService(history, 'web', { image: 'x' }, { allocated: false });
  const ids = createTasks(history, waiting, 3).sort();
  clearChanges(history.changes);
  history.append({
    type: 'service.allocated',
    cause: 0,
    serviceId: waiting.id,
    specVersion: waiting.version.seq,
    ports: [],
  });
  expect([...history.changes.tasks].sort()).toEqual(ids);

  clearChanges(history.changes);
  expect([...history.changes.tasks]).toEqual([]);
  removeService(history, waiting);
  expect([...history.changes.tasks].sort()).toEqual(ids);
});

it("tells nothing of a service that is gone: its rows may be another's", () => {
  const gone = createService(history, 'gone', { image: 'x' });
  const [id] = createTasks(history, gone);
  const changes = createChanges();
  changes.tasks.addAllOf(gone);
  removeService(history, gone);
  history.append({
    type: 'service.reconciled',
    cause: 0,
    serviceId: gone.id,
    specVersion: lastSeqOf(history.state, `muster.event.orchestrator.service.${gone.id}`),
    reaped: [id!],
    why: [],
  });
  expect(history.state.services.size).toBe(0);
  const next = createService(history, 'next', { image: 'x' });
  createTasks(history, next, 1);
  expect([...changes.tasks]).toEqual([]);
});

it('keeps nothing where nobody looks', () => {
  const changes = ignoreChanges();
  changes.tasks.add('t1');
  changes.tasks.addAllOf(createService(history, 'web', { image: 'x' }));
  expect([...changes.tasks]).toEqual([]);
});
