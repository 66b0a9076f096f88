// Asks the API over the bus. Lists come whole, however many pages they take.
import { encodeJson } from '@muster/events';
import { lenientForm, restoreProtoKeys } from '@muster/model';
import { type Bus, type Clock, NoAnswerError, systemClock } from '@muster/runtime';
import {
  type ListName,
  type QueryAnswer,
  type QueryError,
  type QueryName,
  type QueryReply,
  type QueryRequest,
  queries,
  querySubject,
  replySchema,
} from '../queries/queries.ts';
import { askAgain } from './ask-again.ts';

/** The API answered, and said no. */
export class QueryRefusedError extends Error {
  override readonly name = 'QueryRefusedError';
  constructor(
    readonly kind: QueryError['kind'],
    message: string,
  ) {
    super(message);
  }
}

/** Nobody answers queries. */
export class NoApiError extends Error {
  override readonly name = 'NoApiError';
}

export interface QueryClient {
  /** One answer; of a list, one page. */
  ask<Name extends QueryName>(
    name: Name,
    request: QueryRequest<Name>,
    options?: AskOptions,
  ): Promise<Answered<Name>>;
  /** A list, whole. */
  list<Name extends ListName>(
    name: Name,
    request: QueryRequest<Name>,
    options?: AskOptions,
  ): Promise<QueryAnswer<Name>>;
}

export interface AskOptions {
  readonly timeoutMs?: number;
}

export interface Answered<Name extends QueryName> {
  /** What the API had folded when it answered. */
  readonly seq: number;
  readonly answer: QueryAnswer<Name>;
  readonly next: string | undefined;
  /** For how long whoever answered has not seen what the log took; undefined when it does. */
  readonly outOfSightMs: number | undefined;
}

export interface QueryClientOptions {
  /** An answer came that may be old. */
  readonly onOld?: (outOfSightMs: number) => void;
  readonly clock?: Clock;
}

/** More than the API's own wait for a sequence. */
const TIMEOUT_MS = 8_000;
/** Questions that make the API read the log. */
const SLOW_TIMEOUT_MS = 120_000;

export function createQueryClient(
  bus: Bus,
  { onOld, clock = systemClock }: QueryClientOptions = {},
): QueryClient {
  async function ask<Name extends QueryName>(
    name: Name,
    request: QueryRequest<Name>,
    { timeoutMs = isSlow(name, request) ? SLOW_TIMEOUT_MS : TIMEOUT_MS }: AskOptions = {},
  ): Promise<Answered<Name>> {
    const subject = querySubject(name);
    const asked = { ...request, waitMs: timeoutMs };
    const asking = isSlow(name, request)
      ? askOnce(subject, asked, timeoutMs)
      : askAgain(bus, clock, {
          subject,
          data: encodeJson(asked),
          timeoutMs,
          read: readReply,
          mayBeOld,
        });
    const { seq, answer, next, error, outOfSightMs } = await asking.catch((failure: unknown) => {
      throw failure instanceof NoAnswerError ? explain(failure, timeoutMs) : failure;
    });
    if (outOfSightMs !== undefined) onOld?.(outOfSightMs);
    if (error) throw new QueryRefusedError(error.kind, error.message);
    return {
      seq,
      answer: restoreProtoKeys(
        lenientForm<unknown>(queries[name].answer).parse(answer) as QueryAnswer<Name>,
        answer,
      ),
      next,
      outOfSightMs,
    };
  }

  /** What takes long is given up when we are gone. */
  async function askOnce(subject: string, asked: object, timeoutMs: number): Promise<QueryReply> {
    const whileHeard = bus.inbox();
    const listening = bus.subscribe(whileHeard, () => undefined);
    try {
      const message = await bus.request(subject, encodeJson({ ...asked, whileHeard }), { timeoutMs });
      return readReply(message.data);
    } finally {
      listening.stop();
    }
  }

  return {
    ask,
    async list(name, request, options) {
      const items: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await ask(name, { ...request, ...(cursor !== undefined && { cursor }) }, options);
        // One by one: a spread of ten thousand arguments can be more than the stack holds.
        for (const item of page.answer as readonly unknown[]) items.push(item);
        cursor = page.next;
      } while (cursor !== undefined);
      return items as never;
    },
  };
}

function readReply(data: Uint8Array): QueryReply {
  return replySchema.parse(JSON.parse(new TextDecoder().decode(data)));
}

function mayBeOld({ outOfSightMs }: QueryReply): boolean {
  return outOfSightMs !== undefined;
}

function isSlow(name: QueryName, request: object): boolean {
  return name === 'audit' || name === 'state.rows' || (name === 'state.hash' && 'at' in request);
}

function explain({ reason }: NoAnswerError, timeoutMs: number): NoApiError {
  if (reason === 'nobody listens')
    return new NoApiError('no muster API answers here: start one with `muster api`');
  if (reason === 'not connected') return new NoApiError('the connection to NATS was lost');
  return new NoApiError(
    `the muster API did not answer within ${timeoutMs / 1000} seconds: see \`muster doctor\``,
  );
}
