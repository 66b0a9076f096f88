import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/nats-core';
import { expect, it } from 'vitest';
import { isPassing } from './retrying.ts';

const said = (code: number, err_code: number, description: string) =>
  new JetStreamApiError({ code, err_code, description });

it.each([
  [new errors.TimeoutError(), true],
  [said(503, 10008, 'JetStream system temporarily unavailable'), true],
  [said(400, 10005, 'no suitable peers for placement'), true],
  [said(500, 10009, 'JetStream cluster can not handle request'), true],
  [said(409, 10158, 'duplicate message id is in process'), true],
  [said(400, 10071, 'wrong last sequence: 7'), false],
  [said(404, 10059, 'stream not found'), false],
])('whether %s passes: %s', (error, passes) => {
  expect(isPassing(error)).toBe(passes);
});
