import type { EventDraft } from '@muster/events';
import { deriveNetworkId } from '@muster/model';
import { lastSeqOf } from '@muster/state';
import {
  createNetwork,
  createService,
  createTasks,
  type History,
  removeNetwork,
  removeService,
  settle,
  startHistory,
  updateService,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOrchestrator } from '../orchestrator.ts';
import { admit } from './admit.ts';

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
});

interface Asked {
  readonly kind?: string;
  readonly team?: string;
}

/** The verdict on what somebody asks. */
function ask(verb: string, name: string | undefined, body?: unknown, asked: Asked = {}): EventDraft {
  const seq = history.intend(verb, name, body, { kind: 'network', ...asked });
  return admit(history.state, history.state.intents.get(seq)!, 1_000_000).event;
}

const inTeam = { team: 'blue' };
const withSubnet = (subnet: string, rest: object = {}) => ({ ipam: { configs: [{ subnet, ...rest }] } });
const attach = (...networks: readonly unknown[]) => ({ image: 'nginx', networks });
const askService = (verb: string, body: unknown, asked: Asked = {}) =>
  ask(verb, 'web', body, { kind: 'service', ...asked });
const attached = (event: EventDraft) =>
  'spec' in event && 'taskTemplate' in event.spec && event.spec.taskTemplate.networks;

describe('a network', () => {
  it('is created as asked for, complete', () => {
    const event = ask('create', 'backend', { ...withSubnet('10.0.9.0/24'), labels: { a: 'b' } });
    const { head: cause, cluster } = history.state;
    expect(event).toEqual({
      type: 'network.created',
      cause,
      actor: 'ana',
      networkId: deriveNetworkId('backend', cause, { clusterId: cluster!.id }),
      spec: {
        name: 'backend',
        labels: { a: 'b' },
        driver: 'overlay',
        options: {},
        internal: false,
        attachable: false,
        ingress: false,
        ipv6: false,
        ipam: { configs: [{ subnet: '10.0.9.0/24' }] },
      },
    });
    history.append(event);
    expect(history.state.networks.size).toBe(1);
  });

  it('needs no body at all', () => {
    expect(ask('create', 'backend')).toMatchObject({ type: 'network.created' });
  });

  it("is its team's, and its name is taken there whatever its case", () => {
    createNetwork(history, 'backend');
    expect(ask('create', 'Backend')).toMatchObject({
      kind: 'conflict',
      field: 'name',
      message: 'network with name backend already exists',
    });
    expect(ask('create', 'backend', {}, inTeam)).toMatchObject({ type: 'network.created', team: 'blue' });
  });

  it.each<[string, string, object]>([
    ['10.0.9.0/24', '10.0.9.0/24', {}],
    ['10.0.0.0/16', '10.0.9.0/24', {}],
    ['10.0.9.128/25', '10.0.9.0/24', {}],
  ])('may not have a subnet %s that overlaps %s of another', (subnet, taken) => {
    createNetwork(history, 'backend', withSubnet(taken), { team: 'blue' });
    expect(ask('create', 'other', withSubnet(subnet))).toMatchObject({
      kind: 'conflict',
      field: 'ipam.configs.0.subnet',
      message: `ipam configuration: subnet ${subnet} overlaps with ${taken} of network blue/backend: choose another, or leave it out to get a free one`,
    });
    expect(ask('create', 'other', withSubnet('10.0.10.0/24'))).toMatchObject({ type: 'network.created' });
  });

  it('may not overlap with what the allocator gave another', () => {
    const { id: networkId } = createNetwork(history, 'backend');
    const subnets = [{ subnet: '10.0.0.0/24', gateway: '10.0.0.1' }];
    history.append({ type: 'network.allocated', cause: 1, networkId, number: 1, subnets });
    expect(ask('create', 'other', withSubnet('10.0.0.0/16'))).toMatchObject({ kind: 'conflict' });
  });

  it("for ingress is there once, and no team's", () => {
    expect(ask('create', 'mesh', { ingress: true }, inTeam)).toMatchObject({ field: 'ingress' });
    const { id } = createNetwork(history, 'mesh', { ingress: true });
    expect(ask('create', 'other', { ingress: true })).toMatchObject({
      kind: 'conflict',
      field: 'ingress',
      message: `ingress network (${id}) is already present`,
    });
  });

  it('is not to be had before every copy can read of it', () => {
    history = startHistory();
    expect(ask('create', 'backend')).toMatchObject({ kind: 'unsupported', field: 'verb' });
    expect(askService('create', attach('host'))).toMatchObject({ kind: 'unsupported', field: 'networks' });
  });
});

describe('a removal', () => {
  it('is of a network by its name, its id or the beginning of that', () => {
    const { id: networkId } = createNetwork(history, 'backend');
    for (const name of ['backend', 'BACKEND', networkId, networkId.slice(0, 12)])
      expect(ask('remove', name)).toMatchObject({ type: 'network.removed', networkId });
  });

  it.each([
    ['nope', 'not-found', 'network nope not found: see those there are with `muster network ls`'],
    ['host', 'invalid', 'host is a pre-defined network and cannot be removed'],
    [undefined, 'invalid', 'the subject names no network'],
  ])('of %s is refused', (name, kind, message) => {
    expect(ask('remove', name)).toMatchObject({ kind, message, field: 'name' });
  });

  it("of another team's is refused, by id as well", () => {
    const { id } = createNetwork(history, 'backend', {}, inTeam);
    for (const name of ['backend', id, id.slice(0, 9)])
      expect(ask('remove', name)).toMatchObject({ kind: 'not-found' });
    expect(ask('remove', id, undefined, inTeam)).toMatchObject({ type: 'network.removed' });
  });

  it('waits until no service and no task that is to run is on it', () => {
    const { id } = createNetwork(history, 'backend');
    const web = createService(history, 'web', attach({ name: id }));
    const [task] = createTasks(history, web);
    const refused = (message: string) => ({ type: 'intent.rejected', kind: 'conflict', message });
    expect(ask('remove', 'backend')).toMatchObject(
      refused('network backend is in use by service web: remove it from there first'),
    );
    updateService(history, web, { image: 'nginx' });
    // The update may go back to it by itself.
    expect(ask('remove', 'backend')).toMatchObject(
      refused('network backend is in use by service web: remove it from there first'),
    );
    history.append({
      type: 'service.update_ended',
      cause: 1,
      serviceId: web.id,
      specVersion: web.specSeq,
      state: 'paused',
      message: '',
    });
    expect(ask('remove', 'backend')).toMatchObject(
      refused(`network backend is in use by task ${task} of service web`),
    );
    removeService(history, web);
    expect(ask('remove', 'backend')).toMatchObject({ type: 'network.removed' });
  });
});

describe("a service's networks", () => {
  it('are stored by their ids, in one order', () => {
    const [one, two] = ['front', 'back'].map((name) => createNetwork(history, name).id);
    const ids = [one!, two!].sort();
    const event = askService('create', attach({ name: 'front', aliases: ['www'] }, two!.slice(0, 10)));
    expect(attached(event)).toEqual(
      ids.map((target) => ({ target, aliases: target === one ? ['www'] : [], driverOpts: {} })),
    );
    expect(attached(askService('create', attach('back', 'front')))).toMatchObject(
      ids.map((target) => ({ target })),
    );
  });

  it('are asked for again in vain where they are so already', () => {
    createNetwork(history, 'backend');
    history.append(askService('create', attach('name=backend,alias=db')));
    expect(askService('apply', attach('name=backend,alias=db'))).toMatchObject({ type: 'intent.satisfied' });
    expect(askService('update', attach())).toMatchObject({ type: 'service.updated' });
    expect(attached(askService('update', attach()))).toBeUndefined();
  });

  it('may be those that every node has', () => {
    for (const target of ['host', 'none', 'bridge'])
      expect(attached(askService('create', attach(target)))).toEqual([
        { target, aliases: [], driverOpts: {} },
      ]);
  });

  it.each<[string, unknown[], string]>([
    ['networks.0', ['nope'], 'network nope not found: see those there are with `muster network ls`'],
    ['networks.0', ['mesh'], 'Service cannot be explicitly attached to the ingress network "mesh"'],
    ['networks.1', ['backend', 'backend'], 'service is already attached to network backend: name it once'],
    ['networks.1', ['backend', 'BACKEND'], 'service is already attached to network'],
    ['networks.1', ['backend', 'host'], 'a service on network host can be on no other'],
    ['networks.0.aliases', ['name=host,alias=a'], 'network-scoped alias is supported only'],
    ['networks.0.aliases.1', ['name=backend,alias=a,alias=A'], 'duplicate alias "A" on network backend'],
    ['networks.0.aliases.0', ['name=backend,alias=a b'], 'invalid alias "a b": it is no name of a host'],
    ['networks.0.aliases.0', ['name=backend,alias=tasks.db'], 'invalid alias "tasks.db": names that begin'],
    ['networks.0.driverOpts', ['name=backend,driver-opt=a=b'], 'driver option "a" is not supported'],
    ['networks.0', ['alias=a'], 'network name/id is not specified'],
    ['networks.0', ['name=backend,ip=10.0.0.9'], 'ip is not supported for services'],
  ])('are refused by field: %s', (field, networks, message) => {
    createNetwork(history, 'backend');
    createNetwork(history, 'mesh', { ingress: true });
    expect(askService('create', attach(...networks))).toMatchObject({
      field,
      message: expect.stringContaining(message),
    });
  });

  it('are those of its team', () => {
    createNetwork(history, 'backend');
    expect(askService('create', attach('backend'), inTeam)).toMatchObject({ kind: 'not-found' });
  });

  it('can be gone from the spec before: then it is no way back', () => {
    const backend = createNetwork(history, 'backend');
    const web = createService(history, 'web', attach({ name: backend.id }));
    updateService(history, web, { image: 'nginx' });
    removeNetwork(history, backend);
    expect(history.state.networks.size).toBe(0);
    expect(askService('rollback', undefined)).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('on a network that has been removed since'),
    });
  });
});

it('a service by its tasks alone publishes nothing through the ingress', () => {
  const dnsrr = { image: 'nginx', endpointMode: 'dnsrr', ports: ['8080:80'] };
  expect(askService('create', dnsrr)).toMatchObject({
    field: 'ports.0.mode',
    message: expect.stringContaining("port published with ingress mode can't be used with dnsrr mode"),
  });
  const onNodes = { ...dnsrr, ports: [{ target: 80, published: 8080, mode: 'host' }] };
  expect(askService('create', onNodes)).toMatchObject({ spec: { endpointSpec: { mode: 'dnsrr' } } });
});

describe('of two decisions that meet', () => {
  it('a network under one name, or for ingress, is the first', () => {
    const [one, other] = [ask('create', 'backend'), ask('create', 'backend')];
    const [mesh, second] = [ask('create', 'mesh', { ingress: true }), ask('create', 'm2', { ingress: true })];
    for (const event of [one, other, mesh, second]) history.append(event);
    expect([...history.state.networks.values()].map(({ spec }) => spec.name)).toEqual(['backend', 'mesh']);
    expect(history.state.conflicts).toBe(2);
    // What was void is judged again.
    const open = [...history.state.intents.values()];
    expect(open.map((intent) => admit(history.state, intent, 1_000_000).event.type)).toEqual([
      'intent.rejected',
      'intent.rejected',
    ]);
  });

  it('a service that comes after the removal of its network is void, and a removal after a service', () => {
    const { id } = createNetwork(history, 'backend');
    const [removed, created] = [ask('remove', 'backend'), askService('create', attach('backend'))];
    history.append(created);
    history.append(removed);
    expect(history.state.networks.has(id)).toBe(true);
    expect(history.state.conflicts).toBe(1);
    const [again, web] = [removed, history.state.serviceByName.get('', 'web')!];
    removeService(history, web);
    const late = askService('create', attach('backend'));
    history.append(again);
    history.append(late);
    expect(history.state.networks.has(id)).toBe(false);
    expect(history.state.services.size).toBe(0);
    expect(history.state.conflicts).toBe(2);
    expect(lastSeqOf(history.state, `muster.event.orchestrator.network.${id}`)).toBe(0);
  });
});

describe('what is asked at once', () => {
  it.each([undefined, 'blue'])('a service is judged after the network before it, in team %s', (team) => {
    const orchestrator = createOrchestrator();
    const ofTeam = team === undefined ? {} : { team };
    history.intend('create', 'backend', {}, { kind: 'network', ...ofTeam });
    history.intend('apply', 'web', attach('backend'), { kind: 'service', ...ofTeam });
    settle(history, orchestrator);
    expect([...history.state.services.values()].map(({ spec }) => spec.name)).toEqual(['web']);
  });

  it('a refused network keeps no service waiting, and one that comes later is not waited for', () => {
    const orchestrator = createOrchestrator();
    history.intend('apply', 'early', attach('backend'), { kind: 'service' });
    history.intend('create', 'host', {}, { kind: 'network' });
    history.intend('apply', 'late', { image: 'nginx' }, { kind: 'service' });
    history.intend('create', 'backend', {}, { kind: 'network' });
    settle(history, orchestrator);
    expect([...history.state.services.values()].map(({ spec }) => spec.name)).toEqual(['late']);
    expect(history.state.intents.size).toBe(0);
  });
});
