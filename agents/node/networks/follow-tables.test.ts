import { type Endpoints, type EndpointsOf, encodeEndpoints } from '@muster/events';
import { MemoryEndpointStore } from '@muster/log';
import { silentLogger } from '@muster/runtime';
import { VirtualClock } from '@muster/testing';
import { expect, it } from 'vitest';
import { followTables } from './follow-tables.ts';

const web: EndpointsOf = { networkId: 'a', serviceId: 'web' };

function say(
  basis: number,
  more: object = { type: 'service', service: { id: 'web', name: 'web' }, aliases: [], tasks: [] },
) {
  return encodeEndpoints({ v: 1, basis, ...more } as Endpoints);
}

it('keeps the last of each, by basis, until it is gone; and what can not be read leaves standing what was', async () => {
  const clock = new VirtualClock();
  const endpoints = new MemoryEndpointStore({ now: () => clock.now() });
  const life = new AbortController();
  let changes = 0;
  await endpoints.put(web, say(5), { expectLastSeq: 0 });
  const tables = followTables({
    endpoints,
    clock,
    logger: silentLogger,
    signal: life.signal,
    onChange() {
      changes += 1;
    },
  });
  expect(tables.seq).toBeUndefined();
  await clock.settle();
  expect([tables.seq, changes]).toEqual([1, 1]);
  await endpoints.put(web, say(4), { expectLastSeq: 1 });
  await endpoints.put(web, new TextEncoder().encode('{'), { expectLastSeq: 2 });
  await clock.settle();
  expect(tables.services.get('a')?.get('web')?.basis).toBe(5);
  expect(tables.seq).toBe(3);
  await endpoints.put(web, say(6, { type: 'gone' }), { expectLastSeq: 3 });
  await clock.settle();
  expect(tables.services.size).toBe(0);
  life.abort();
});
