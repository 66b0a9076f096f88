import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/nats-core';
import { describe, expect, it } from 'vitest';
import { isPassing } from './retrying.ts';

const refusal = (code: number, err_code: number, description = '') =>
  new JetStreamApiError({ code, err_code, description });

describe('what is worth another try', () => {
  it.each([
    ['no answer', new errors.TimeoutError()],
    ['a stream without a leader', refusal(503, 10008)],
    ['an earlier try that is still on its way', refusal(409, 10158, 'duplicate message id is in process')],
    ['a server without JetStream, for now', Object.assign(new Error(), { name: 'JetStreamNotEnabled' })],
  ])('%s', (_, error) => {
    expect(isPassing(error)).toBe(true);
  });

  it.each([
    ['another sequence than expected', refusal(400, 10071, 'wrong last sequence: 17')],
    ['a stream that is not there', refusal(404, 10059)],
    ['a bug of ours', new TypeError('undefined')],
  ])('%s is not', (_, error) => {
    expect(isPassing(error)).toBe(false);
  });
});
