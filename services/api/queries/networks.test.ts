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

  it('are named where a service is shown', () => {
    const { id } = createNetwork(history, 'front');
    createService(history, 'web', { networks: [id] });
    createService(history, 'raw', { networks: ['host'] });
    const networksOf = (service: string) => answerQuery(history.state, 'service.inspect', { service });
    expect(networksOf('web')).toMatchObject({ answer: { networks: [{ id, name: 'front' }] } });
    expect(networksOf('raw')).toMatchObject({ answer: { networks: [{ id: 'host', name: 'host' }] } });
  });
});
