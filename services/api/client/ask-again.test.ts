import { encodeJson } from '@muster/events';
import { type Bus, type BusMessage, MemoryBus, systemClock } from '@muster/runtime';
import { beforeEach, expect, it, vi } from 'vitest';
import { querySubject } from '../queries/queries.ts';
import { createQueryClient, NoApiError } from './client.ts';

const hash = { seq: 7, time: 0, hash: 'h' };
let bus: MemoryBus;
let client: Bus;
let asked: string[];

beforeEach(() => {
  bus = new MemoryBus({ clock: systemClock });
  client = bus.client('client');
  asked = [];
});

/** Copies are asked in turn, the first one first. */
function startCopy(name: string, answer?: object): void {
  const copy = bus.client(name);
  const hear = ({ reply }: BusMessage) => {
    asked.push(name);
    if (answer) copy.publish(reply!, encodeJson({ seq: 7, answer: hash, ...answer }));
  };
  copy.subscribe(querySubject('state.hash'), hear, { queue: 'muster-api' });
}

it('is answered by another copy where the first one is silent', async () => {
  startCopy('silent');
  startCopy('well', {});
  const startedAt = performance.now();
  expect((await createQueryClient(client).ask('state.hash', {})).answer).toEqual(hash);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(asked).toEqual(['silent', 'well']);
});

it('is asked once where the answer is heavy, or comes at once', async () => {
  startCopy('silent');
  startCopy('well', {});
  const heavy = createQueryClient(client).ask('state.hash', { at: 3 }, { timeoutMs: 1_000 });
  await expect(heavy).rejects.toThrow(NoApiError);
  expect(asked).toEqual(['silent']);
  await createQueryClient(client).ask('state.hash', {});
  expect(asked).toEqual(['silent', 'well']);
});

it('has its answer from whoever sees the log, where there is one', async () => {
  startCopy('old', { outOfSightMs: 4_000 });
  startCopy('well', {});
  const onOld = vi.fn();
  expect(await createQueryClient(client, { onOld }).ask('state.hash', {})).toMatchObject({
    outOfSightMs: undefined,
  });
  expect(onOld).not.toHaveBeenCalled();
});

it.each([[[]], [['silent']]])(
  'says how old the answer may be where there is no other but %j',
  async (others) => {
    startCopy('old', { outOfSightMs: 4_000 });
    for (const name of others) startCopy(name);
    const onOld = vi.fn();
    const startedAt = performance.now();
    const { answer, outOfSightMs } = await createQueryClient(client, { onOld }).ask('state.hash', {});
    expect([answer, outOfSightMs]).toEqual([hash, 4_000]);
    expect(onOld).toHaveBeenCalledWith(4_000);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  },
);
