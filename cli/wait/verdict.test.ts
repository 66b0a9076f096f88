import { type EventDraft, encodeJson, intentSubject } from '@muster/events';
import { MemoryLog } from '@muster/log';
import { deriveServiceId } from '@muster/model';
import { composeAsOf } from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { makeSpec } from '../output/views.fixture.ts';
import { waitForVerdict } from './verdict.ts';

let log: MemoryLog;
beforeEach(() => {
  log = new MemoryLog({ now: () => 0 });
});

async function intend(name: string): Promise<number> {
  const result = await log.append(
    intentSubject('ana', 'service', 'create', name),
    encodeJson({ image: 'x' }),
  );
  return result.ok ? result.seq : 0;
}

async function append(draft: EventDraft): Promise<void> {
  const { subject, data } = composeAsOf(draft, 0);
  await log.append(subject, data);
}

function created(cause: number): EventDraft {
  return {
    type: 'service.created',
    cause,
    serviceId: deriveServiceId('web', cause),
    actor: 'ana',
    spec: makeSpec(),
  };
}

function rejected(cause: number): EventDraft {
  return {
    type: 'intent.rejected',
    cause,
    intent: cause,
    actor: 'ana',
    kind: 'conflict',
    message: 'taken',
    field: 'name',
  };
}

const wait = (intent: number, exists = true, timeoutMs = 60_000) =>
  waitForVerdict({ log, intent, timeoutMs, stands: async (verdict) => exists || !verdict.created });

it('finds the verdict that is there already, and the one that is to come', async () => {
  const intent = await intend('web');
  const early = wait(intent);
  await append(created(intent));
  const verdict = {
    kind: 'accepted',
    seq: 2,
    object: { kind: 'service', id: deriveServiceId('web', intent) },
    created: true,
  };
  expect(await early).toEqual(verdict);
  expect(await wait(intent)).toEqual(verdict);
});

it('leaves the verdicts on other intents alone', async () => {
  const first = await intend('web');
  const second = await intend('web');
  const verdict = wait(second);
  await append(created(first));
  await append(rejected(second));
  expect(await verdict).toMatchObject({ kind: 'rejected', seq: 4, message: 'taken', field: 'name' });
});

it('tells when there was nothing to do', async () => {
  const intent = await intend('web');
  await append({ type: 'intent.satisfied', cause: intent, intent, actor: 'ana', message: 'is so' });
  expect(await wait(intent)).toEqual({ kind: 'satisfied', seq: 2, message: 'is so' });
});

it('does not take a void acceptance for one: the rejection follows', async () => {
  const intent = await intend('web');
  const verdict = wait(intent, false);
  await append(created(intent));
  await append(rejected(intent));
  expect(await verdict).toMatchObject({ kind: 'rejected', message: 'taken' });
});

it('gives up when nobody answers', async () => {
  expect(await wait(await intend('web'), true, 1)).toBeUndefined();
});
