// Wires the API to what asks it: every query on its subject, in one queue with the other copies.
import { encodeJson } from '@muster/events';
import type { Log, SnapshotStore } from '@muster/log';
import {
  type Bus,
  type Clock,
  createSparingLogger,
  type Follower,
  isReplySubject,
  type Logger,
  NoAnswerError,
  type QueryEndpoint,
  type ServeQueries,
  serveOnBus,
} from '@muster/runtime';
import { createApi } from './api.ts';
import { type QueryError, type QueryReply, queryNames, querySubject } from './queries/queries.ts';

export const API_SERVICE = 'muster-api';
const VERSION = '0.1.0';

export interface StartApiOptions {
  readonly follower: Follower;
  readonly log: Log;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly snapshots?: SnapshotStore;
  /** How to listen: on the bus alone when left out, which leaves out discovery and statistics. */
  readonly serve?: ServeQueries;
  /** It does not listen any more. */
  readonly onFailure?: (error: Error) => void;
}

export interface RunningApi {
  stop(): Promise<void>;
}

export async function startApi(options: StartApiOptions): Promise<RunningApi> {
  const {
    follower,
    log,
    bus,
    clock,
    logger,
    onFailure,
    serve = (service) => serveOnBus(bus, service),
  } = options;
  const api = createApi({ ...options, isHeard: (subject) => isHeard(bus, subject) });
  const sparing = createSparingLogger(logger, clock);
  const endpoints = queryNames.map((name): QueryEndpoint => {
    return {
      name: name.replaceAll('.', '-'),
      subject: querySubject(name),
      async answer(payload) {
        const reply = await api.answer(name, payload).catch((error: Error): QueryReply => {
          sparing.error({ err: error, query: name }, 'could not answer a query');
          return { seq: follower.state.head, error: { kind: 'internal', message: error.message } };
        });
        const { ageMs } = follower;
        const age = ageMs !== undefined && { outOfSightMs: ageMs };
        const { error, data } = encodeReply({ ...reply, ...age }, log.maxRecordBytes);
        return {
          data,
          ...(error && { error: { code: codes[error.kind], message: error.message } }),
        };
      },
    };
  });
  const service = await serve({
    name: API_SERVICE,
    version: VERSION,
    description: 'Answers reads of a muster cluster from folded state',
    queue: API_SERVICE,
    endpoints,
    onUnsent: (error) => sparing.warn({ error: error.message }, 'an answer could not be sent'),
    ...(onFailure && { onEnded: onFailure }),
  });
  return { stop: () => service.stop() };
}

/** More than a server takes to say that nobody does. */
const HEARD_MS = 1_000;

/** Nobody has to answer. A subject of the cluster's own is nobody's who asks. */
async function isHeard(bus: Bus, subject: string): Promise<boolean> {
  if (!isReplySubject(subject)) return true;
  return bus.request(subject, new Uint8Array(), { timeoutMs: HEARD_MS }).then(
    () => true,
    (error) => !(error instanceof NoAnswerError && error.reason === 'nobody listens'),
  );
}

/** What the server does not take must not be sent: the client would throw, where nobody catches it. */
function encodeReply(reply: QueryReply, limit: number): { data: Uint8Array; error?: QueryError | undefined } {
  const data = encodeJson(reply);
  if (data.length <= limit) return { data, error: reply.error };
  const message = `the answer has ${data.length} bytes, and the server takes at most ${limit}: raise max_payload in its configuration`;
  const error: QueryError = { kind: 'unsupported', message };
  return { data: encodeJson({ ...reply, answer: undefined, next: undefined, error }), error };
}

const codes: Readonly<Record<QueryError['kind'], number>> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  internal: 500,
  unsupported: 501,
  timeout: 503,
};
