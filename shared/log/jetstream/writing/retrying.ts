// What is worth another try when JetStream is asked for something, and the trying. During an election or a restart
// the client reports time-outs, missing responders and "jetstream is not enabled"; all of them pass.
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/nats-core';
import { LogUnavailableError } from '../../errors.ts';
import { listenToConnection } from '../server/connection-events.ts';
import { explainNoRoom, isNoRoom } from './write-stats.ts';

const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 500;

/** How long an answer is waited for before it is asked for again: a server that dies never answers, nor a stream without a leader. */
export const ANSWER_MS = 1_500;

export interface Retries {
  /** How long to go on trying. */
  readonly forMs: number;
  /** How long it has been tried for already. */
  readonly triedMs?: number;
  /** What is being done, for the error: "append to …". */
  readonly what: string;
}

const PASSING = new Set([
  // Too few servers for the copies, and a leader that was one: so says a cluster that is still forming.
  10005, 10009,
  // What is sent once more while the first one is on its way to the other servers: asked again, it is stored or it isn't.
  10158,
]);

export function isPassing(error: unknown): boolean {
  if (error instanceof errors.TimeoutError) return true;
  if (isOff(error) || isNoRoom(error)) return true;
  if (error instanceof JetStreamApiError) return error.status === 503 || PASSING.has(error.code);
  if (error instanceof errors.RequestError) return !(error.cause instanceof errors.PermissionViolationError);
  return error instanceof errors.ConnectionError;
}

/** What a person can do something about. */
function explainPassing(error: unknown): string {
  if (error instanceof errors.TimeoutError) return 'and NATS did not answer';
  if (isNoRoom(error)) return `and ${explainNoRoom(error)}`;
  const because = error instanceof Error ? error.message : String(error);
  if (isOff(error))
    return `and JetStream is off (${because}): a server without -js, or one whose disk was full and that has not been restarted`;
  return `and NATS said: ${because}`;
}

function isOff(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled';
}

/** Tries until it works, fails for good (that error is thrown), or the time is up (`LogUnavailableError`). */
export async function retrying<Result>(
  nc: NatsConnection,
  { forMs, triedMs = 0, what }: Retries,
  attempt: (leftMs: number) => Promise<Result>,
): Promise<Result> {
  const giveUpAt = performance.now() + forMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await cutByReconnect(nc, attempt(Math.max(1, giveUpAt - performance.now())));
    } catch (error) {
      if (nc.isClosed())
        throw new LogUnavailableError(`can't ${what}: the connection is closed`, { cause: error });
      if (!isPassing(error)) throw error;
      if (performance.now() + waitMs > giveUpAt) {
        const seconds = ((triedMs + forMs) / 1000).toFixed(1);
        throw new LogUnavailableError(`can't ${what}: tried for ${seconds} s, ${explainPassing(error)}`, {
          cause: error,
          isFull: isNoRoom(error),
        });
      }
      await pause(waitMs);
    }
  }
}

/** What was asked over a connection that broke is never answered: ask again when it is back, not after a time-out. */
function cutByReconnect<Result>(nc: NatsConnection, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stopListening = listenToConnection(nc, {
      onReconnect: () => reject(new errors.ConnectionError('the connection was lost')),
    });
    work.then(resolve, reject).finally(stopListening);
  });
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** Rejects with a time-out, which passes, when the answer takes too long. */
export async function answerWithin<Answer>(limitMs: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new errors.TimeoutError()), limitMs);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves with `work`, or without it when that takes too long. */
export async function waitAtMost(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
