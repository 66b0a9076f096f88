import type { Reducer } from '@muster/runtime';
import { createService, decideOnce, type History, startHistory } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOrchestrator } from '../orchestrator.ts';

let history: History;
let usual: Reducer;
beforeEach(() => {
  history = startHistory();
  usual = createOrchestrator();
});

/** One round of decisions, folded. */
function decide(orchestrator = usual) {
  const decisions = decideOnce(history, orchestrator);
  for (const { event } of decisions) history.append(event);
  return decisions.map(({ event }) => event);
}

const verdicts = () => decide().filter((event) => event.type !== 'service.reconciled');

describe('admission', () => {
  it.each([
    ['no JSON', 'muster.intent.ana.service.apply.web', '{', { kind: 'invalid' }],
    [
      'wrong type',
      'muster.intent.ana.service.apply.web',
      '{"image":"x","replicas":"three"}',
      { field: 'replicas' },
    ],
    ['unknown field', 'muster.intent.ana.service.apply.web', '{"image":"x","imgae":"y"}', { field: 'imgae' }],
    [
      'not yet',
      'muster.intent.ana.service.apply.web',
      '{"image":"x","mode":"global"}',
      { kind: 'unsupported' },
    ],
    ['no image', 'muster.intent.ana.service.apply.web', '{}', { field: 'image' }],
    [
      'a duration that no JSON number holds',
      'muster.intent.ana.service.apply.web',
      '{"taskTemplate":{"containerSpec":{"image":"demo:1","stopGracePeriod":"2502h"}}}',
      {
        field: 'taskTemplate.containerSpec.stopGracePeriod',
        message: expect.stringMatching(/at most 2501h59m59s/),
      },
    ],
    [
      'a delay of many digits',
      'muster.intent.ana.service.apply.web',
      '{"taskTemplate":{"containerSpec":{"image":"demo:1"}},"updateConfig":{"delay":99999999999999999999}}',
      { field: 'updateConfig.delay', message: expect.stringMatching(/at most 2501h59m59s/) },
    ],
    [
      'half a nanosecond',
      'muster.intent.ana.service.apply.web',
      '{"taskTemplate":{"containerSpec":{"image":"demo:1","stopGracePeriod":1.5}}}',
      { field: 'taskTemplate.containerSpec.stopGracePeriod' },
    ],
    ['unknown kind', 'muster.intent.ana.pod.apply.web', '{}', { kind: 'unsupported', field: 'kind' }],
    ['unknown verb', 'muster.intent.ana.service.explode.web', '{}', { kind: 'unsupported', field: 'verb' }],
    ['bad name', 'muster.intent.ana.service.apply.a.b', '{"image":"x"}', { field: 'name' }],
    ['no subject to speak of', 'muster.intent.ana', '', { kind: 'unsupported' }],
    ['no such service', 'muster.intent.ana.service.scale.web', '{"replicas":2}', { kind: 'not-found' }],
    ['two names', 'muster.intent.ana.service.apply.web', '{"name":"api","image":"x"}', { field: 'name' }],
  ])('rejects %s and names the intent', (_case, subject, payload, reason) => {
    const seq = history.record(subject, new TextEncoder().encode(payload));
    expect(decide()).toMatchObject([{ type: 'intent.rejected', intent: seq, cause: seq, ...reason }]);
    expect(history.state.intents.size).toBe(0);
  });

  it('rejects, with figures, a spec whose records the log would not take, and no other', () => {
    const orchestrator = createOrchestrator({ maxRecordBytes: () => 64 * 1024 });
    const judge = (body: object) => {
      history.intend('apply', 'web', { image: 'x', ...body });
      // A service that has just changed has its tasks' turn first.
      const events = [1, 2, 3].flatMap(() => decide(orchestrator));
      return events.find(({ type }) => type !== 'service.reconciled');
    };
    const env = (count: number) => ({
      env: Array.from({ length: count }, (_, n) => `V${n}=${'茶'.repeat(100)}`),
    });
    expect(judge(env(250))).toMatchObject({
      type: 'intent.rejected',
      kind: 'invalid',
      message: expect.stringMatching(/too large: with 7\d{4} bytes .* at most 65536; make it smaller/),
    });
    // Written in few bytes, and stored in many.
    expect(
      judge({ ports: Array.from({ length: 1_200 }, (_, n) => ({ target: 1000 + n, mode: 'host' })) }),
    ).toMatchObject({
      type: 'intent.rejected',
      message: expect.stringContaining('too large'),
    });
    expect(judge(env(180))).toMatchObject({ type: 'service.created' });
    expect(judge(env(250))).toMatchObject({ type: 'intent.rejected' });
    expect(judge(env(181))).toMatchObject({ type: 'service.updated' });
  });

  it.each([
    ['a name that is nearly one', { image: 'x', name: `${'a'.repeat(900_000)}!` }],
    ['an unknown field', { image: 'x', ['x'.repeat(900_000)]: 1 }],
    ['a constraint with many blanks', { image: 'x', placement: [`a==b${' '.repeat(900_000)}!`] }],
    ['a spec that no event could hold', { image: 'x', labels: { x: 'x'.repeat(900_000) } }],
    ['a short form of a long spec', { image: 'x', env: Array(200_000).fill('') }],
  ])('rejects %s at once, in a few words', (_case, body) => {
    const seq = history.intend('apply', undefined, body);
    const events = decide();
    expect(events).toMatchObject([{ type: 'intent.rejected', intent: seq }]);
    expect(JSON.stringify(events).length).toBeLessThan(3_000);
  });

  it('rejects two megabytes', () => {
    const seq = history.record(
      'muster.intent.ana.service.apply.web',
      new Uint8Array(2 * 1024 * 1024).fill(32),
    );
    expect(decide()).toMatchObject([
      { type: 'intent.rejected', intent: seq, message: expect.stringContaining('2097152 bytes') },
    ]);
  });

  it('goes on after garbage', () => {
    history.record('muster.intent.ana.service.apply.web', new Uint8Array([0xff]));
    history.intend('apply', 'api', { image: 'x' });
    expect(verdicts().map((event) => event.type)).toEqual(['intent.rejected', 'service.created']);
  });

  it('takes intents about one name in log order, each seeing the one before', () => {
    history.intend('create', 'web', { image: 'x' });
    history.intend('create', 'web', { image: 'x' });
    history.intend('remove', 'web', undefined);
    history.intend('create', 'web', { image: 'x' });
    const seen = [verdicts(), verdicts(), verdicts(), verdicts()].flat().map((event) => event.type);
    expect(seen).toEqual(['service.created', 'intent.rejected', 'service.removed', 'service.created']);
  });

  it('tells names apart without regard to case, and finds them so', () => {
    history.intend('create', 'web', { image: 'x' });
    history.intend('create', 'Web', { image: 'x' });
    history.intend('create', undefined, { name: 'WEB', image: 'x' });
    history.intend('scale', 'wEb', { replicas: 2 });
    history.intend('apply', 'WEB', { image: 'y', replicas: 2 });
    history.intend('update', 'Web', { spec: { image: 'z' } });
    const created = history.intend('create', 'WEB', { image: 'x' }, { team: 'blue' });
    history.intend('remove', 'weB', undefined);
    const orchestrator = createOrchestrator();
    const events = Array.from({ length: 20 }, () => decide(orchestrator)).flat();
    const ours = events.filter((event) => event.type !== 'service.reconciled' && event.cause !== created);
    const conflict = {
      type: 'intent.rejected',
      kind: 'conflict',
      field: 'name',
      message: 'name conflicts with an existing object: service web already exists',
    };
    expect(ours).toMatchObject([
      { type: 'service.created', spec: { name: 'web' } },
      conflict,
      conflict,
      { type: 'service.updated', spec: { name: 'web', mode: { replicated: { replicas: 2 } } } },
      { type: 'service.updated', spec: { name: 'web', taskTemplate: { containerSpec: { image: 'y' } } } },
      { type: 'service.updated', spec: { name: 'web', taskTemplate: { containerSpec: { image: 'z' } } } },
      { type: 'service.removed' },
    ]);
    expect(history.state.serviceByName.meant('', 'web')).toEqual([]);
    expect(history.state.serviceByName.meant('blue', 'web')).toMatchObject([{ spec: { name: 'WEB' } }]);
  });

  it('lives with names of an older log that differ by case only: each has its own, and no other is meant', () => {
    createService(history, 'web');
    createService(history, 'Web');
    expect(history.state).toMatchObject({ services: { size: 2 }, conflicts: 0 });
    history.intend('scale', 'Web', { replicas: 2 });
    history.intend('scale', 'WEB', { replicas: 3 });
    history.intend('apply', 'WEB', { image: 'x' });
    const orchestrator = createOrchestrator();
    const events = Array.from({ length: 8 }, () => decide(orchestrator)).flat();
    const ambiguous = { type: 'intent.rejected', message: 'service WEB is ambiguous (2 matches found)' };
    expect(events.filter((event) => event.type !== 'service.reconciled')).toMatchObject([
      { type: 'service.updated', spec: { name: 'Web' } },
      ambiguous,
      ambiguous,
    ]);
  });

  it('scales what an earlier version admitted and this one would refuse', () => {
    const service = createService(history, 'web');
    const cause = history.intend('update', 'web', {});
    const spec = structuredClone(service.spec);
    spec.taskTemplate.containerSpec.env = ['SLOT={{.Task.Slot}}', '=x'];
    history.append({ type: 'service.updated', cause, actor: 'ana', serviceId: service.id, spec });
    history.intend('scale', 'web', { replicas: 2 });
    const orchestrator = createOrchestrator();
    const events = [decide(orchestrator), decide(orchestrator)].flat();
    expect(events.filter(({ type }) => type !== 'service.reconciled')).toMatchObject([
      { type: 'service.updated', spec: { mode: { replicated: { replicas: 2 } } } },
    ]);
  });

  it('is satisfied when nothing would change', () => {
    history.intend('apply', 'web', { image: 'x' });
    verdicts();
    history.intend('apply', 'web', { image: 'x', replicas: 1 });
    expect(verdicts()).toMatchObject([{ type: 'intent.satisfied' }]);
  });

  it('refuses an update that starts from an older version', () => {
    history.intend('apply', 'web', { image: 'x' });
    verdicts();
    history.intend('update', 'web', { spec: { image: 'y' }, version: 1 });
    expect(verdicts()).toMatchObject([
      { type: 'intent.rejected', message: expect.stringContaining('update out of sequence') },
    ]);
  });

  it('quarantines what is no event, by an event', () => {
    const seq = history.record(
      'muster.event.agent.node.n1',
      new TextEncoder().encode('{"stream":"MUSTER_LOG","seq":5}'),
    );
    expect(decide()).toMatchObject([{ type: 'event.quarantined', record: seq }]);
    expect(history.state.poison.size).toBe(0);
  });

  it('lets the first of two verdicts stand', () => {
    const intent = history.intend('apply', 'web', { image: 'x' });
    const [first] = decideOnce(history, createOrchestrator());
    history.append(first!.event);
    history.append({
      type: 'intent.rejected',
      cause: intent,
      intent,
      actor: 'ana',
      kind: 'invalid',
      message: 'late',
    });
    expect(history.state.conflicts).toBe(1);
    expect(history.state.serviceByName.has('', 'web')).toBe(true);
  });
});

describe('subjects on which somebody else has written', () => {
  const garbage = new Uint8Array([123]);

  it('take the verdict all the same', () => {
    const early = history.record('muster.event.orchestrator.intent.2', garbage);
    history.intend('apply', 'web', {});
    const orchestrator = createOrchestrator();
    orchestrator.notice(history.state, history.changes);
    const decision = orchestrator
      .decide(history.state, history.now)
      .find(({ event }) => event.type === 'intent.rejected');
    expect(decision?.expect).toBe(early);
  });

  it('take the quarantine all the same', () => {
    const early = history.record('muster.event.orchestrator.quarantine.2', garbage);
    const second = history.record('muster.event.agent.node.n1', garbage);
    const decisions = decideOnce(history, createOrchestrator());
    expect(decisions.map(({ event, expect }) => [event.cause, expect])).toEqual([
      [early, 0],
      [second, early],
    ]);
  });
});

it('gives a verdict to an intent whose event an earlier build stored again and again, though nobody could read it', () => {
  const body = { taskTemplate: { containerSpec: { image: 'demo:1', stopGracePeriod: '2502h' } } };
  const intent = history.intend('apply', 'x', body);
  const unreadable = {
    v: 1,
    type: 'service.created',
    writer: 'orchestrator',
    cause: intent,
    at: '2026-01-01T00:00:00.000Z',
    serviceId: 'serviceid0000000000000001',
    actor: 'ana',
    spec: { name: 'x', ...body },
  };
  const data = new TextEncoder().encode(JSON.stringify(unreadable));
  for (let count = 0; count < 3; count += 1)
    history.record(`muster.event.orchestrator.service.${unreadable.serviceId}`, data);
  const orchestrator = createOrchestrator();
  const decided = [decide(orchestrator), decide(orchestrator), decide(orchestrator)].flat();
  expect(decided.filter(({ type }) => type === 'event.quarantined')).toHaveLength(3);
  expect(decided.filter(({ type }) => type === 'intent.rejected')).toMatchObject([
    { intent, field: 'taskTemplate.containerSpec.stopGracePeriod' },
  ]);
  expect(decided).toHaveLength(4);
  expect(history.state).toMatchObject({ intents: { size: 0 }, poison: new Map() });
});
