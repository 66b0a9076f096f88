// Two teams, and names that both of them use: neither sees, blocks or touches what is the other's.
import { alone, type Reducer, type Share } from '@muster/runtime';
import { clearChanges } from '@muster/state';
import { decideOnce, type History, serviceNamed, settle, startHistory } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOrchestrator } from './orchestrator.ts';

let history: History;
let orchestrator: Reducer;
beforeEach(() => {
  history = startHistory();
  orchestrator = createOrchestrator();
});

const blue = { team: 'blue' };
const body = { image: 'busybox' };
const images = () =>
  ['', 'blue'].map((team) => serviceNamed(history.state, 'web', team).spec.taskTemplate.containerSpec.image);

describe('services of two teams', () => {
  it('may have one name, and are two', () => {
    history.intend('create', 'web', { image: 'ours' });
    history.intend('create', 'web', { image: 'theirs' }, blue);
    settle(history, orchestrator);
    expect(images()).toEqual(['ours', 'theirs']);
    expect(history.state.services.size).toBe(2);
    expect(serviceNamed(history.state, 'web')).toMatchObject({ team: '' });
    expect(serviceNamed(history.state, 'web', 'blue')).toMatchObject({ team: 'blue' });
    expect(history.state.conflicts).toBe(0);
  });

  it('are judged in one round, whatever their names', () => {
    history.intend('create', 'web', body);
    history.intend('create', 'web', body, blue);
    history.intend('create', undefined, { ...body, name: 'api' });
    history.intend('create', undefined, { ...body, name: 'api' }, blue);
    expect(decideOnce(history, orchestrator).map(({ event }) => event)).toMatchObject([
      { type: 'service.created', spec: { name: 'web' } },
      { type: 'service.created', spec: { name: 'web' }, team: 'blue' },
      { type: 'service.created', spec: { name: 'api' } },
      { type: 'service.created', spec: { name: 'api' }, team: 'blue' },
    ]);
  });

  it('are changed, scaled and removed by their own team alone', () => {
    history.intend('create', 'web', { image: 'ours' });
    history.intend('create', 'web', { image: 'theirs' }, blue);
    settle(history, orchestrator);
    history.intend('update', 'web', { image: 'newer' }, blue);
    history.intend('scale', 'web', { replicas: 3 }, blue);
    settle(history, orchestrator);
    expect(images()).toEqual(['ours', 'newer']);
    expect(serviceNamed(history.state, 'web').occupiedSlots).toBe(1);
    expect(serviceNamed(history.state, 'web', 'blue').occupiedSlots).toBe(3);
    history.intend('remove', 'web', undefined);
    settle(history, orchestrator);
    expect(history.state.serviceByName.has('', 'web')).toBe(false);
    expect(history.state.serviceByName.has('blue', 'web')).toBe(true);
  });

  it('are not found by another, whose refusal names the team that was asked', () => {
    history.intend('create', 'web', body);
    settle(history, orchestrator);
    history.intend('scale', 'web', { replicas: 3 }, blue);
    history.intend('create', 'web', body);
    history.intend('apply', 'api', body, blue);
    history.intend('create', 'api', body, blue);
    history.intend('apply', 'api', body, blue);
    const messages = settle(history, orchestrator).flatMap((event) =>
      'intent' in event && 'message' in event ? [event.message] : [],
    );
    expect(messages).toEqual([
      'service blue/web not found',
      'name conflicts with an existing object: service web already exists',
      'name conflicts with an existing object: service blue/api already exists',
      'service blue/api is so already',
    ]);
  });
});

it.each([
  ['muster.intent.@.ana.service.apply.web', 'team'],
  ['muster.intent.@Blue.ana.service.apply.web', 'team'],
  ['muster.intent.@default.ana.service.apply.web', 'team'],
  [`muster.intent.@${'b'.repeat(64)}.ana.service.apply.web`, 'team'],
  ['muster.intent.@blue', 'actor'],
  ['muster.intent.@blue.@ana.service.apply.web', 'actor'],
  ['muster.intent.ana.@blue.service.apply.web', 'team'],
  ['muster.intent.ana.service.apply.a..b', 'name'],
  [`muster.intent.ana.service.apply.${'a'.repeat(300)}`, 'name'],
])('%s is refused, and says that it is for its %s', (subject, field) => {
  const seq = history.record(subject, new TextEncoder().encode(JSON.stringify(body)));
  expect(settle(history, orchestrator)).toMatchObject([
    { type: 'intent.rejected', intent: seq, kind: 'invalid', field },
  ]);
  expect(history.state.services.size).toBe(0);
});

it('a copy shares names by team and name: what it has of one team says nothing of the other', () => {
  const asked = new Set<string>();
  const share: Share = {
    ...alone,
    ahead(key) {
      asked.add(key);
      return key === 'blue/web' ? 'another' : '';
    },
  };
  const copy = createOrchestrator({ share });
  history.intend('create', 'web', body);
  history.intend('create', 'web', body, blue);
  copy.notice(history.state, history.changes);
  clearChanges(history.changes);
  const decisions = copy.decide(history.state, history.now);
  expect(decisions.map(({ event }) => event)).toMatchObject([{ type: 'service.created', actor: 'ana' }]);
  expect(decisions[0]!.event).not.toHaveProperty('team');
  expect([...asked]).toEqual(expect.arrayContaining(['/web', 'blue/web']));
});
