// A server whose disk was full answers all questions and stores nothing in that stream, without a word, until it is started
// again. That it answers is all that tells it from one that is away.
import { errors, type NatsConnection } from '@nats-io/nats-core';
import { LogUnavailableError } from '../../errors.ts';
import { hasLeader } from './has-leader.ts';

const STUCK =
  'NATS answers, and stores nothing: is the disk of its server full? Make room, then start that server again (`muster up` does that itself)';

/** The error with which trying to store ended, as what it was. */
export async function lookBehind(
  error: LogUnavailableError,
  { nc, stream, what }: { readonly nc: NatsConnection; readonly stream: string; readonly what: string },
): Promise<LogUnavailableError> {
  if (!(error.cause instanceof errors.TimeoutError) || !(await hasLeader(nc, stream))) return error;
  return new LogUnavailableError(`can't ${what}: ${STUCK}`, { cause: error, isFull: true });
}
