import { createNetwork, createService, type History, startHistory } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerQuery } from './answer.ts';

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
});

function list(request: { team?: string; allTeams?: boolean } = {}) {
  const answer = answerQuery(history.state, 'network.list', request);
  if (!answer.ok) throw new Error(answer.refusal.message);
  return answer.answer;
}

describe('networks', () => {
  it('are listed by team, with how many services are on each', () => {
    const { id } = createNetwork(history, 'front');
    createNetwork(history, 'back', { internal: true });
    createNetwork(history, 'theirs', {}, { team: 'blue' });
    createService(history, 'web', { networks: [id] });
    createService(history, 'api', { networks: [id] });
    expect(list()).toMatchObject([
      { name: 'back', internal: true, services: 0, subnets: [] },
      { name: 'front', services: 2 },
    ]);
    expect(list({ team: 'blue' }).map(({ name }) => name)).toEqual(['theirs']);
    expect(list({ allTeams: true }).map(({ team = '', name }) => `${team}/${name}`)).toEqual([
      '/back',
      '/front',
      'blue/theirs',
    ]);
  });

  it('are shown in full by name, id, or the beginning of that, with who is on them', () => {
    const { id } = createNetwork(history, 'front');
    createService(history, 'web', { networks: [{ name: id, aliases: ['www'] }] });
    for (const network of ['front', 'FRONT', id, id.slice(0, 9)]) {
      expect(answerQuery(history.state, 'network.inspect', { network })).toMatchObject({
        ok: true,
        answer: {
          id,
          removed: false,
          blocks: [],
          members: [{ name: 'web', aliases: ['www'], addresses: [], tasks: [] }],
        },
      });
    }
    expect(answerQuery(history.state, 'network.inspect', { network: 'nope' })).toMatchObject({
      refusal: { kind: 'not-found', message: 'no such network: nope' },
    });
  });

  it('are shown with the twins of their addresses where they have IPv6', () => {
    const { id, createdSeq: cause } = createNetwork(history, 'dual', { ipv6: true });
    const subnets = [
      { subnet: '10.0.8.0/24', gateway: '10.0.8.1' },
      { subnet: 'fd00:8::/64', gateway: 'fd00:8::1' },
    ];
    history.append({ type: 'network.allocated', cause, networkId: id, number: 8, subnets });
    const service = createService(history, 'web', { networks: [id] }, { allocated: false });
    history.append({
      type: 'service.allocated',
      cause: service.specSeq,
      serviceId: service.id,
      specVersion: service.specSeq,
      ports: [],
      addresses: [{ networkId: id, address: '10.0.8.9' }],
    });
    const addresses = ['10.0.8.9', 'fd00:8::a00:809'];
    expect(answerQuery(history.state, 'network.inspect', { network: 'dual' })).toMatchObject({
      answer: { ipv6: true, subnets, members: [{ addresses }] },
    });
    expect(answerQuery(history.state, 'service.inspect', { service: 'web' })).toMatchObject({
      answer: { virtualAddresses: addresses.map((address) => ({ networkId: id, address })) },
    });
  });

  it('are named where a service is shown', () => {
    const { id } = createNetwork(history, 'front');
    createService(history, 'web', { networks: [id] });
    createService(history, 'raw', { networks: ['host'] });
    const networksOf = (service: string) => answerQuery(history.state, 'service.inspect', { service });
    expect(networksOf('web')).toMatchObject({ answer: { networks: [{ id, name: 'front' }] } });
    expect(networksOf('raw')).toMatchObject({ answer: { networks: [{ id: 'host', name: 'host' }] } });
  });
});
