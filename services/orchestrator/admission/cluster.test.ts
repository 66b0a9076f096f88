import type { EventDraft } from '@muster/events';
import { copyThroughSnapshot, type History, startHistory } from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { admit } from './admit.ts';

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
});

function ask(body: unknown, name?: string, team?: string): EventDraft {
  const asked = { kind: 'cluster', ...(team !== undefined && { team }) };
  const seq = history.intend('update', name, body, asked);
  return admit(history.state, history.state.intents.get(seq)!, 1_000_000).event;
}

it('has its address pools changed, each part on its own, and keeps them through a snapshot', () => {
  expect(history.state.addressPools).toBeUndefined();
  history.append(ask({ defaultAddrPool: ['10.20.0.0/16'] }));
  expect(history.state.addressPools).toEqual({ pools: ['10.20.0.0/16'], prefix: 24 });
  history.append(ask({ defaultAddrPoolMaskLength: 26 }));
  expect(history.state.addressPools).toEqual({ pools: ['10.20.0.0/16'], prefix: 26 });
  expect(copyThroughSnapshot(history.state).addressPools).toEqual(history.state.addressPools);
  expect(ask({ defaultAddrPoolMaskLength: 26 })).toMatchObject({ type: 'intent.satisfied' });
});

it('takes one acceptance for an intent', () => {
  const event = ask({ defaultAddrPool: ['10.20.0.0/16'] });
  history.append(event);
  history.append({ ...event, addressPools: { pools: ['10.30.0.0/16'], prefix: 24 } } as EventDraft);
  expect(history.state.addressPools?.pools).toEqual(['10.20.0.0/16']);
});

it.each([
  [{}, undefined, undefined, /^nothing to change/],
  [{ defaultAddrPool: [] }, undefined, undefined, /defaultAddrPool/],
  [{ defaultAddrPoolMaskLength: 30 }, undefined, undefined, /^subnet size is out of range: 30$/],
  [{ defaultAddrPoolMaskLength: 7 }, undefined, undefined, /too small for pool: 7$/],
  [{ defaultAddrPoolMaskLength: 26 }, 'web', undefined, /names? nothing/],
  [{ defaultAddrPoolMaskLength: 26 }, undefined, 'blue', /^the cluster is everybody's/],
])('is refused %j of %s in %s', (body, name, team, message) => {
  expect(ask(body, name, team)).toMatchObject({
    type: 'intent.rejected',
    message: expect.stringMatching(message),
  });
});
