// Request/reply endpoints as a NATS micro service: found with `nats micro ls`, with statistics. Copies share a queue.
// `serveOnBus` is the same without NATS, for tests and simulation.
import { errors, type NatsConnection } from '@nats-io/nats-core';
import { type ServiceMsg, Svcm } from '@nats-io/services';
import type { Bus } from './bus.ts';
import { isReplySubject } from './reply-subject.ts';

export interface EndpointReply {
  readonly data: Uint8Array;
  /** Travels in the headers that NATS tools show; `data` says the same. */
  readonly error?: { readonly code: number; readonly message: string };
}

export interface QueryEndpoint {
  /** Letters, digits, `-` and `_`. */
  readonly name: string;
  readonly subject: string;
  /** Must not reject. */
  answer(payload: Uint8Array): Promise<EndpointReply>;
}

export interface MicroServiceOptions {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly queue: string;
  readonly endpoints: readonly QueryEndpoint[];
  /** An answer could not be sent: the connection is gone, or the server does not take it. */
  readonly onUnsent?: (error: Error) => void;
  /** It has ended by itself: the server lets it listen no longer. */
  readonly onEnded?: (error: Error) => void;
}

export interface MicroService {
  stop(): Promise<void>;
}

export type ServeQueries = (options: MicroServiceOptions) => Promise<MicroService>;

export async function serveQueries(nc: NatsConnection, options: MicroServiceOptions): Promise<MicroService> {
  const { endpoints, onUnsent = () => undefined, onEnded = () => undefined, ...about } = options;
  const service = await new Svcm(answeringInboxesOnly(nc)).add({ ...about });
  for (const { name, subject, answer } of endpoints) {
    service.addEndpoint(name, {
      subject,
      handler: (error, message) => {
        if (error === null) respond(message, answer).catch(onUnsent);
      },
    });
  }
  service.stopped.then((error) => {
    if (error !== null && !nc.isClosed()) onEnded(error);
  }, onEnded);
  return {
    async stop() {
      await service.stop();
    },
  };
}

/** As the library is to see the connection, which answers discovery and statistics by itself, whoever asks. */
function answeringInboxesOnly(nc: NatsConnection): NatsConnection {
  const subscribe: NatsConnection['subscribe'] = (subject, { callback, ...options } = {}) =>
    nc.subscribe(subject, {
      ...options,
      ...(callback && {
        callback: (error, message) => {
          if (error !== null || isReplySubject(message.reply)) callback(error, message);
        },
      }),
    });
  return Object.create(nc, { subscribe: { value: subscribe } });
}

async function respond(message: ServiceMsg, answer: QueryEndpoint['answer']): Promise<void> {
  const { data, error } = await answer(message.data);
  if (error) message.respondError(error.code, fitHeader(error.message), data);
  else message.respond(data);
}

const MAX_HEADER_LENGTH = 200;

/** A header is one line, and counts as a part of the message; the whole error is in the data. */
function fitHeader(text: string): string {
  return text.slice(0, MAX_HEADER_LENGTH).replaceAll(/\p{Cc}+/gu, ' ');
}

export async function serveOnBus(
  bus: Bus,
  {
    queue,
    endpoints,
    onUnsent = () => undefined,
  }: Pick<MicroServiceOptions, 'queue' | 'endpoints' | 'onUnsent'>,
): Promise<MicroService> {
  const subscriptions = endpoints.map(({ subject, answer }) =>
    bus.subscribe(
      subject,
      ({ data, reply }) => {
        if (reply === undefined) return;
        answer(data)
          .then((answered) => bus.publish(reply, answered.data))
          .catch(onUnsent);
      },
      { queue },
    ),
  );
  return {
    async stop() {
      for (const subscription of subscriptions) subscription.stop();
    },
  };
}

/** One running copy of a micro service. */
export interface ServiceCopy {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly started: string;
  readonly requests: number;
}

/** The copies of every service that answer within the time. */
export async function discoverCopies(nc: NatsConnection, timeoutMs: number): Promise<readonly ServiceCopy[]> {
  const copies: ServiceCopy[] = [];
  const client = new Svcm(nc).client({ strategy: 'timer', maxWait: timeoutMs });
  try {
    for await (const { id, name, version, started, endpoints } of await client.stats()) {
      const requests = (endpoints ?? []).reduce((sum, endpoint) => sum + endpoint.num_requests, 0);
      copies.push({ id, name, version, started, requests });
    }
  } catch (error) {
    if (!(error instanceof errors.NoRespondersError)) throw error;
  }
  return copies;
}
