// Services that publish through the ingress network: it is made for the first of them, and a port is one service's.
import type { EventDraft } from '@muster/events';
import { findIngressNetwork, isOutdated } from '@muster/state';
import {
  createNetwork,
  createService,
  createTasks,
  type History,
  removeService,
  startHistory,
  updateService,
} from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { admit } from './admit.ts';

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
});

/** The verdicts, each folded before the next, until the intent has its own. */
function ask(verb: string, name: string, body?: unknown, kind = 'service'): EventDraft[] {
  const seq = history.intend(verb, name, body, { kind });
  const events: EventDraft[] = [];
  while (history.state.intents.has(seq) && events.length < 5) {
    const { event } = admit(history.state, history.state.intents.get(seq)!, 1_000_000);
    history.append(event);
    events.push(event);
  }
  return events;
}

const web = (...ports: unknown[]) => ({ image: 'nginx', ports });
const last = (events: readonly EventDraft[]) => events.at(-1)!;

it('is made for the first service that publishes through it, in nobody’s name, and serves the next', () => {
  const events = ask('create', 'web', web('8080:80'));
  expect(events.map(({ type }) => type)).toEqual(['network.created', 'service.created']);
  expect(events[0]).not.toHaveProperty('actor');
  const { id, spec } = findIngressNetwork(history.state)!;
  expect(spec).toMatchObject({ name: 'ingress', ingress: true, driver: 'overlay' });
  expect(ask('create', 'other', web('8081:80')).map(({ type }) => type)).toEqual(['service.created']);
  const { networks } = history.state.serviceByName.get('', 'web')!.version;
  expect(networks).toEqual([id]);
  expect(history.state.conflicts).toBe(0);
});

it('is the one that somebody has made, and none where nothing is published through it', () => {
  const { id } = createNetwork(history, 'mesh', { ingress: true });
  createNetwork(history, 'ingress');
  ask('create', 'web', web({ target: 80 }));
  expect(history.state.serviceByName.get('', 'web')!.version.networks).toEqual([id]);
  ask('create', 'plain', web({ target: 80, mode: 'host' }));
  expect(history.state.serviceByName.get('', 'plain')!.version.networks).toEqual([]);
});

it('is not made where another network has its name', () => {
  createNetwork(history, 'Ingress');
  expect(last(ask('create', 'web', web('8080:80')))).toMatchObject({
    type: 'intent.rejected',
    message: expect.stringContaining('muster network create --ingress'),
  });
});

it('may be removed while nobody uses it, and is made again', () => {
  ask('create', 'web', web('8080:80'));
  expect(last(ask('remove', 'ingress', undefined, 'network'))).toMatchObject({
    kind: 'conflict',
    message: 'ingress network cannot be removed because service web depends on it',
  });
  ask('update', 'web', { spec: { image: 'nginx' } });
  expect(last(ask('remove', 'ingress', undefined, 'network'))).toMatchObject({ type: 'network.removed' });
  expect(ask('rollback', 'web').map(({ type }) => type)).toEqual(['network.created', 'service.rolled_back']);
});

it('is refused with a network of the node’s own, and before every copy reads of it', () => {
  const body = { ...web('8080:80'), networks: ['host'] };
  expect(last(ask('create', 'web', body))).toMatchObject({ kind: 'invalid', field: 'ports.0.mode' });
  history = startHistory();
  expect(last(ask('create', 'web', web('8080:80')))).toMatchObject({
    kind: 'unsupported',
    field: 'ports.0.mode',
  });
});

it.each<[string, unknown, unknown, string | undefined]>([
  ['mesh and mesh', '8080:80', '8080:81', 'an ingress port'],
  ['mesh and node', '8080:80', 'published=8080,target=80,mode=host', 'an ingress port'],
  ['node and mesh', 'published=8080,target=80,mode=host', '8080:80', 'a host-published port'],
  ['two protocols', '8080:80', '8080:80/udp', undefined],
  ['two nodes', 'published=8080,target=80,mode=host', 'published=8080,target=80,mode=host', undefined],
])('one port of %s', (_, first, second, as) => {
  ask('create', 'web', web(first));
  const { id } = history.state.serviceByName.get('', 'web')!;
  const verdict = last(ask('create', 'other', web(second)));
  if (as === undefined) return expect(verdict).toMatchObject({ type: 'service.created' });
  const message = `port '8080' is already in use by service 'web' (${id}) as ${as}`;
  expect(verdict).toMatchObject({ type: 'intent.rejected', kind: 'invalid', field: 'ports.0', message });
  ask('remove', 'web');
  expect(last(ask('create', 'other', web(second)))).toMatchObject({ type: 'service.created' });
});

it('knows ports that were picked, and those that an update may yet go back to', () => {
  createNetwork(history, 'mesh', { ingress: true });
  const service = createService(history, 'web', web({ target: 80 }), { allocated: false });
  const { seq } = service.version;
  const picked = { ...service.version.requestedPorts[0]!, publishedPort: 30_005 };
  const allocated = {
    type: 'service.allocated',
    cause: seq,
    serviceId: service.id,
    specVersion: seq,
  } as const;
  history.append({ ...allocated, ports: [picked] });
  expect(last(ask('create', 'other', web('30005:80')))).toMatchObject({ kind: 'invalid' });
  updateService(history, service, web('8080:80'));
  createTasks(history, service);
  updateService(history, service, { ...web('8081:80'), env: ['A=1'] });
  expect(last(ask('create', 'other', web('8080:80')))).toMatchObject({ kind: 'invalid' });
  removeService(history, service);
  expect(last(ask('create', 'other', web('8080:80')))).toMatchObject({ type: 'service.created' });
});

it('two that are admitted at once have one port: the first in log order', () => {
  createNetwork(history, 'mesh', { ingress: true });
  const intents = ['one', 'two'].map((name) => history.intend('create', name, web('8080:80')));
  const verdicts = intents.map(
    (seq) => admit(history.state, history.state.intents.get(seq)!, 1_000_000).event,
  );
  for (const event of verdicts) history.append(event);
  expect(history.state.services.size).toBe(1);
  expect(history.state.conflicts).toBe(1);
  expect(history.state.intents.has(intents[1]!)).toBe(true);
});

it('restarts a task for a port of the mesh only where it is not on the ingress network yet', () => {
  createNetwork(history, 'mesh', { ingress: true });
  const service = createService(history, 'web', web());
  const [id] = createTasks(history, service);
  const isOld = () => isOutdated(history.state.tasks.get(id!)!);
  updateService(history, service, web('8080:80'));
  expect(isOld()).toBe(true);
  const other = createService(history, 'other', web('9090:80'));
  const [there] = createTasks(history, other);
  for (const ports of [['9091:80', '9092:81'], []]) {
    updateService(history, other, web(...ports));
    expect(isOutdated(history.state.tasks.get(there!)!)).toBe(false);
  }
  updateService(history, other, web({ target: 80, published: 9090, mode: 'host' }));
  expect(isOutdated(history.state.tasks.get(there!)!)).toBe(true);
});
