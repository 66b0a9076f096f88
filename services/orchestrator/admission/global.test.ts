// What is refused of global services, in Docker's words.
import { createService, decideOnce, type History, startHistory } from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { createOrchestrator } from '../orchestrator.ts';

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
});

function judge(verb: string, body: unknown) {
  history.intend(verb, 'log', body);
  const decisions = decideOnce(history, createOrchestrator());
  return decisions.map(({ event }) => event).find(({ type }) => type !== 'service.reconciled');
}

it('takes one', () => {
  expect(judge('create', { image: 'x', mode: 'global' })).toMatchObject({
    type: 'service.created',
    spec: { mode: { global: {} } },
  });
});

it.each([
  ['a replicated one', { mode: 'global' }, { replicas: 2 }],
  ['a global one', {}, { mode: 'global' }],
])('never makes it %s', (_, before, after) => {
  createService(history, 'log', before);
  expect(judge('apply', { image: 'x', ...after })).toMatchObject({
    type: 'intent.rejected',
    field: 'mode',
    message: 'service mode change is not allowed',
  });
});

it('does not scale it', () => {
  createService(history, 'log', { mode: 'global' });
  expect(judge('scale', { replicas: 2 })).toMatchObject({
    type: 'intent.rejected',
    field: 'replicas',
    message: 'scale can only be used with replicated or replicated-job mode',
  });
});

it.each([
  [{ mode: 'global', replicas: 2 }, /replicas/],
  [{ taskTemplate: { containerSpec: { image: 'x' } }, mode: { global: {}, replicated: {} } }, /one mode/],
])('refuses %j', (body, message) => {
  expect(judge('create', 'taskTemplate' in body ? body : { image: 'x', ...body })).toMatchObject({
    type: 'intent.rejected',
    message: expect.stringMatching(message),
  });
});

it('waits for the version that brings it', () => {
  history = startHistory();
  expect(judge('create', { image: 'x', mode: 'global' })).toMatchObject({
    type: 'intent.rejected',
    kind: 'unsupported',
    field: 'mode.global',
  });
});
