import type { Msg } from '@nats-io/nats-core';
import { describe, expect, it } from 'vitest';
import { readDelivered } from './delivered.ts';

const data = new Uint8Array([1]);

describe('readDelivered', () => {
  it.each([
    ['without a domain', '$JS.ACK.MUSTER_LOG.c1.1.42.7.1760400000123456789.9'],
    ['with a domain and an account', '$JS.ACK.hub.Yp3a.MUSTER_LOG.c1.1.42.7.1760400000123456789.9'],
    ['with a random end', '$JS.ACK._.Yp3a.MUSTER_LOG.c1.1.42.7.1760400000123456789.9.xyz'],
  ])('reads a reply subject %s', (_how, reply) => {
    expect(readDelivered(message(reply))).toEqual({
      record: { seq: 42, subject: 'muster.event.agent.node.n1', time: 1760400000123, data },
      deliverySeq: 7,
      pending: 9,
    });
  });

  it.each(['', '_INBOX.abc', '$JS.ACK.MUSTER_LOG.c1.1'])('finds nothing in %j', (reply) => {
    expect(readDelivered(message(reply))).toBeUndefined();
  });

  function message(reply: string): Msg {
    return { subject: 'muster.event.agent.node.n1', reply, data } as Msg;
  }
});
