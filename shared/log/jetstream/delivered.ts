// What a consumer delivers, read from the message and its reply subject:
// $JS.ACK.<stream>.<consumer>.<tries>.<stream seq>.<consumer seq>.<ns>.<pending>, or the same with a domain and an
// account hash after ACK. Written out here because it runs once for each record of a replay.
import type { Msg } from '@nats-io/nats-core';
import type { LogRecord } from '../log.ts';

export interface Delivered {
  readonly record: LogRecord;
  /** Counts what this consumer sent: 1, 2, 3. */
  readonly deliverySeq: number;
  /** How many are still to come, as far as the server knew then. */
  readonly pending: number;
}

const TOKENS_WITHOUT_DOMAIN = 9;
const NANOS_DIGITS_OF_MS = 6;

export function readDelivered(msg: Msg): Delivered | undefined {
  const tokens = (msg.reply ?? '').split('.');
  const at = tokens.length === TOKENS_WITHOUT_DOMAIN ? 5 : 7;
  const [seq, deliverySeq, nanos, pending] = [tokens[at], tokens[at + 1], tokens[at + 2], tokens[at + 3]];
  if (seq === undefined || deliverySeq === undefined || nanos === undefined || pending === undefined) {
    return undefined;
  }
  return {
    record: {
      seq: Number(seq),
      subject: msg.subject,
      time: Number(nanos.slice(0, -NANOS_DIGITS_OF_MS)),
      data: msg.data,
    },
    deliverySeq: Number(deliverySeq),
    pending: Number(pending),
  };
}
