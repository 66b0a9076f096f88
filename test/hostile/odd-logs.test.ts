// Logs that hold what no reducer of this build writes, and all the same what others or older ones have written: whatever
// a log holds, intents get verdicts and services get their tasks.
import { composeEvent, type EventDraft } from '@muster/events';
import { deriveServiceId, serviceSpecSchema, TaskState, withoutYounger } from '@muster/model';
import { composeAsOf, createService, createTasks, joinReadyNode, startHistory } from '@muster/testing';
import { afterEach, expect, it } from 'vitest';
import { type Lived, liveThrough } from './lived-through.ts';

let lived: Lived | undefined;
afterEach(() => lived?.stop());

const utf8 = new TextEncoder();

it('has verdicts that nobody could read back, a hundred of them', async () => {
  const history = startHistory();
  const body = { taskTemplate: { containerSpec: { image: 'demo:1', stopGracePeriod: '2502h' } } };
  const intent = history.intend('apply', 'x', body);
  // What the orchestrator wrote before it checked what it writes.
  const other = startHistory();
  const { spec } = createService(other, 'x', { image: 'demo:1' });
  const event: EventDraft = {
    type: 'service.created',
    cause: intent,
    serviceId: deriveServiceId('x', intent),
    actor: 'ana',
    spec,
  };
  const { subject, data } = composeAsOf(event, history.now);
  const text = new TextDecoder().decode(data);
  const unreadable = text.replace(/"stopGracePeriod":\d+/, '"stopGracePeriod":9007200000000000000');
  expect(unreadable).not.toBe(text);
  for (let count = 0; count < 100; count += 1) history.record(subject, utf8.encode(unreadable));
  history.intend('apply', 'x', { image: 'demo:2' });
  history.intend('apply', 'y', { image: 'demo:2' });
  expect(history.state.poison.size).toBe(100);

  lived = await liveThrough(history.records);
  const { state } = lived.follower;
  expect([state.poison.size, state.intents.size]).toEqual([0, 0]);
  expect(['x', 'y'].map((name) => state.serviceByName.has('', name))).toEqual([true, true]);
  expect(state.serviceByName.size).toBe(2);
  const verdicts = lived.log.records.map((record) => new TextDecoder().decode(record.data));
  expect(verdicts.filter((verdict) => verdict.includes('"intent.rejected"'))).toEqual([
    expect.stringContaining('"field":"taskTemplate.containerSpec.stopGracePeriod"'),
  ]);
  expect(lived.log.records.length).toBeLessThan(history.records.length + 120);
});

it('has a creation that is void, and tasks of what was never created', async () => {
  const history = startHistory();
  const intent = history.intend('apply', 'web', { image: 'x' });
  const serviceId = deriveServiceId('web', intent);
  const other = startHistory();
  const { spec } = createService(other, 'web', { image: 'x' });
  const created = composeEvent(
    {
      type: 'service.created',
      cause: intent,
      serviceId,
      actor: 'ana',
      spec: withoutYounger(spec, serviceSpecSchema, 1),
    },
    history.now,
    { read: { seq: intent, digest: 1 } },
  );
  for (let count = 0; count < 8; count += 1) history.record(created.subject, created.data);
  history.append({ type: 'service.reconciled', cause: 2, serviceId, specVersion: 2, why: [] });
  history.intend('scale', 'web', { replicas: 2 });
  expect(history.state.serviceByName.size).toBe(0);

  lived = await liveThrough(history.records);
  const { state } = lived.follower;
  expect(state.intents.size).toBe(0);
  expect(state.serviceByName.get('', 'web')?.tasks.size).toBe(2);
  expect(lived.log.records.length).toBeLessThan(history.records.length + 20);
});

it('has words about a service that came before it', async () => {
  const history = startHistory();
  joinReadyNode(history, 'n1');
  const serviceId = deriveServiceId('web', history.state.head + 4);
  history.append({ type: 'service.allocated', cause: 1, serviceId, specVersion: 1, ports: [] });
  history.append({
    type: 'tasks.unschedulable',
    cause: 1,
    serviceId,
    specVersion: 1,
    message: 'none',
    refused: [],
  });
  history.append({ type: 'service.removed', cause: 1, serviceId, actor: 'eve' });
  history.intend('apply', 'web', { image: 'x', replicas: 3 });

  lived = await liveThrough(history.records);
  const { state } = lived.follower;
  expect(state.services.has(serviceId)).toBe(true);
  const tasks = [...state.services.get(serviceId)!.tasks.values()];
  expect(tasks.map(({ observed }) => observed)).toEqual(Array(3).fill(TaskState.ASSIGNED));
});

it('has a task that was stopped with nothing in its place', async () => {
  const history = startHistory();
  joinReadyNode(history, 'n1');
  const service = createService(history, 'web', { image: 'x', replicas: 2 });
  const [task] = createTasks(history, service, 2);
  history.append({
    type: 'service.reconciled',
    cause: 1,
    serviceId: service.id,
    specVersion: service.version.seq,
    desired: [{ id: task!, state: 'shutdown' }],
    why: ['because'],
  });

  lived = await liveThrough(history.records);
  const tasks = [...lived.follower.state.services.get(service.id)!.tasks.values()];
  const running = tasks.filter(({ desired }) => desired === TaskState.RUNNING);
  expect(new Set(running.map(({ slot }) => slot.number))).toEqual(new Set([1, 2]));
});
