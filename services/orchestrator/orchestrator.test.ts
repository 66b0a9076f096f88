// One round beside the others: who has a turn, and what one service or intent may cost the rest.
import { composeEvent, decode, type EventFact } from '@muster/events';
import { alone, type Decision, type Reducer, type Share } from '@muster/runtime';
import {
  appendDecision,
  assign,
  createService,
  createTasks,
  decideOnce,
  type History,
  joinReadyNode,
  report,
  settle,
  startHistory,
} from '@muster/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { objectKey } from './object-key.ts';
import { createOrchestrator } from './orchestrator.ts';

let history: History;
let orchestrator: Reducer;
beforeEach(() => {
  history = startHistory();
  orchestrator = createOrchestrator();
});

const round = () => decideOnce(history, orchestrator);

describe('a service with a flood of intents', () => {
  const flood = () => {
    for (let replicas = 2; replicas <= 601; replicas += 1) history.intend('scale', 'web', { replicas });
  };

  it('still has its tasks looked after, and no decision loses to another of the same round', () => {
    createService(history, 'web');
    flood();
    const types: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const decisions = round();
      types.push(...decisions.map(({ event }) => event.type));
      for (const decision of decisions) expect(appendDecision(history, decision)).toBe(true);
    }
    expect(types).toEqual(['service.updated', 'service.reconciled', 'service.updated', 'service.reconciled']);
  });

  it('hides no other name', () => {
    createService(history, 'web');
    settle(history, orchestrator);
    flood();
    history.intend('apply', 'api', { image: 'busybox' });
    expect(round().map(({ event }) => event.type)).toEqual(['service.updated', 'service.created']);
  });
});

describe('a flood of intents by one team', () => {
  it('makes no other wait', () => {
    for (let index = 0; index < 1500; index += 1) history.intend('apply', `flood${index}`, { image: 'x' });
    history.intend('apply', 'web', { image: 'x' }, { team: 'blue' });
    const decisions = round();
    expect(decisions).toHaveLength(512);
    expect(decisions.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ type: 'service.created', team: 'blue' }),
    );
    for (const decision of decisions) appendDecision(history, decision);
    settle(history, orchestrator);
    expect(history.state.intents.size).toBe(0);
  });

  it('makes everybody of that team wait, whoever sent it', () => {
    for (let index = 0; index < 1500; index += 1) history.intend('apply', `flood${index}`, { image: 'x' });
    history.intend('apply', 'web', { image: 'x' }, { actor: 'ben' });
    const decisions = round();
    expect(decisions).toHaveLength(512);
    expect(decisions.some(({ event }) => 'actor' in event && event.actor === 'ben')).toBe(false);
  });

  it('is judged in the order of the log where two ask for the same', () => {
    for (let index = 0; index < 600; index += 1) history.intend('apply', `flood${index}`, { image: 'x' });
    history.intend('create', 'web', { image: 'first' });
    history.intend('create', 'web', { image: 'second' }, { actor: 'ben' });
    settle(history, orchestrator);
    expect(history.state.serviceByName.get('', 'web')?.spec.taskTemplate.containerSpec.image).toBe('first');
  });
});

it('fits the loss of thousands of tasks into a record, whatever each of them says', () => {
  joinReadyNode(history, 'n1');
  const service = createService(history, 'web', { replicas: 5000 });
  const tasks = createTasks(history, service, 5000);
  assign(history, 'n1', ...tasks);
  report(history, 'n1', ...tasks.map((id) => ({ id, state: 'failed' as const, err: 'x'.repeat(5000) })));
  const [decision] = round();
  expect(decision?.event).toMatchObject({ type: 'service.reconciled' });
  const { data } = composeEvent(decision!.event, history.now);
  expect(data.length).toBeLessThan(1024 * 1024);
});

describe('a bug that one thing meets', () => {
  const breakOn = (target: object, key: string) =>
    Object.defineProperty(target, key, {
      get() {
        throw new Error('a bug');
      },
    });

  it('leaves the other services to be reconciled, and is met again only after a while', () => {
    const web = createService(history, 'web');
    createService(history, 'api');
    breakOn(web.spec, 'mode');
    const decisions = round();
    expect(decisions.map(({ event }) => event.type)).toEqual(['service.reconciled']);
    for (const decision of decisions) appendDecision(history, decision);
    expect(round).toThrow('a bug');
    expect(settle(history, orchestrator)).toEqual([]);
    const wakeAt = orchestrator.nextWake()!;
    expect(wakeAt).toBeGreaterThan(history.now);
    expect(() => orchestrator.decide(history.state, wakeAt)).toThrow('a bug');
  });

  it('is told once for many, however many services meet it', () => {
    for (let index = 0; index < 20; index += 1)
      breakOn(createService(history, `broken${index}`).spec, 'mode');
    createService(history, 'api');
    expect(round().map(({ event }) => event.type)).toEqual(['service.reconciled']);
    expect(round().map(({ event }) => event.type)).toEqual(['service.reconciled']);
  });

  it('refuses the intent, and no other', () => {
    const first = history.intend('apply', 'web', { image: 'busybox' });
    history.intend('apply', 'api', { image: 'busybox' });
    breakOn(history.state.intents.get(first)!, 'body');
    expect(round().map(({ event }) => event)).toMatchObject([
      { type: 'intent.rejected', message: 'muster failed to read this: a bug' },
      { type: 'service.created' },
    ]);
  });
});

it('gives credit for a decision to whoever comes first for the object, which may not be there yet', () => {
  const share: Share = { ...alone, noteDecision: vi.fn() };
  const reducer = createOrchestrator({ share });
  history.intend('apply', 'Web', { image: 'busybox' });
  for (let turn = 0; turn < 2; turn += 1) {
    const [{ event }] = decideOnce(history, reducer) as [Decision];
    const { subject, data } = composeEvent(event, history.now);
    const raw = { seq: history.state.head + 1, subject, time: history.now, data };
    reducer.noteDecision!(history.state, decode(raw) as EventFact);
    history.append(event);
  }
  const key = objectKey('service', '', 'Web');
  expect(vi.mocked(share.noteDecision).mock.calls).toEqual([[key], [key]]);
});
