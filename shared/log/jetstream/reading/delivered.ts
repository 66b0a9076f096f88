// What a consumer delivers, read from the message and its reply subject:
// $JS.ACK.<stream>.<consumer>.<tries>.<stream seq>.<consumer seq>.<ns>.<pending>, or the same with a domain and an
// account hash after ACK. Written out here because it runs once for each record of a replay.
import type { Msg } from '@nats-io/nats-core';
import type { LogRecord } from '../../log.ts';

export interface Delivered {
  readonly record: LogRecord;
  /** Counts what this consumer sent: 1, 2, 3. */
  readonly deliverySeq: number;
  /** How many are still to come, as far as the server knew then. */
  readonly pending: number;
}

const DOTS_WITHOUT_DOMAIN = 8;
const NANOS_DIGITS_OF_MS = 6;
const DOT = '.';
const ZERO = 48;

export function readDelivered(msg: Msg): Delivered | undefined {
  const reply = msg.reply ?? '';
  const dots: number[] = [];
  for (let at = reply.indexOf(DOT); at >= 0; at = reply.indexOf(DOT, at + 1)) dots.push(at);
  if (dots.length < DOTS_WITHOUT_DOMAIN) return undefined;
  const first = dots.length === DOTS_WITHOUT_DOMAIN ? 4 : 6;
  const number = (token: number, withoutDigits = 0) =>
    readNumber(reply, dots[first + token]! + 1, (dots[first + token + 1] ?? reply.length) - withoutDigits);
  return {
    record: { seq: number(0), subject: msg.subject, time: number(2, NANOS_DIGITS_OF_MS), data: msg.data },
    deliverySeq: number(1),
    pending: number(3),
  };
}

/** Without making strings of the digits, let alone of the other tokens: that took a tenth of a replay. */
function readNumber(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = 10 * value + text.charCodeAt(at) - ZERO;
  return value;
}
