// Publishes to streams and waits for their acknowledgements: what js.publish does, for a third of its cost, because
// thousands a second go through here. One inbox and one timer for each connection, however many are on their way, and
// one write for all that is published in one turn of the event loop. Never tries again: that is up to the caller.
import { type ApiError, JetStreamApiError } from '@nats-io/jetstream';
import { createInbox, errors, headers, type Msg, type NatsConnection } from '@nats-io/nats-core';
import { listenToConnection } from '../server/connection-events.ts';

export interface PublishOptions {
  readonly expectLastSeq?: number | undefined;
  readonly ttlMs?: number | undefined;
  /** Of two with the same, within the stream's window, the second is acknowledged and not stored. */
  readonly msgId?: string | undefined;
  readonly timeoutMs: number;
}

interface Pending {
  readonly subject: string;
  readonly giveUpAt: number;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting extends Pending {
  readonly data: Uint8Array;
  readonly options: PublishOptions;
}

export interface Stored {
  readonly seq: number;
  /** By another message, with the same id. */
  readonly duplicate: boolean;
}

interface PubAck extends Partial<Stored> {
  readonly error?: ApiError;
}

const NO_RESPONDERS = 503;
/** How exact time-outs are. */
const SWEEP_MS = 100;
const utf8 = new TextDecoder();

export class Publisher {
  private readonly inbox: string;
  private readonly pending = new Map<string, Pending>();
  private waiting: Waiting[] = [];
  private count = 0;
  private sweeper: NodeJS.Timeout | undefined;
  /** Why no acknowledgement can be received. */
  private deaf: Error | undefined;

  constructor(private readonly nc: NatsConnection) {
    // The prefix is pinned where permissions ask for it, and the client keeps it to itself.
    this.inbox = createInbox((nc as { options?: { inboxPrefix?: string } }).options?.inboxPrefix);
    nc.subscribe(`${this.inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.receive(msg);
        else this.beDeaf(error);
      },
    });
    listenToConnection(nc, {
      // What was asked over a connection that broke is never answered.
      onReconnect: () => this.rejectAll(() => new errors.ConnectionError('the connection was lost')),
      onClosed: () => this.rejectAll(() => new errors.ClosedConnectionError()),
      onError: (error) => this.rejectForbidden(error),
    });
  }

  /** What it was stored as. Throws as js.publish does. */
  publish(subject: string, data: Uint8Array, options: PublishOptions): Promise<Stored> {
    return new Promise((resolve, reject) => {
      const giveUpAt = performance.now() + options.timeoutMs;
      if (this.waiting.length === 0) setImmediate(() => this.send());
      this.waiting.push({ subject, data, options, giveUpAt, resolve, reject });
    });
  }

  /** The client writes once for all that it is given without a pause. */
  private send(): void {
    const all = this.waiting;
    this.waiting = [];
    for (const { subject, data, options, giveUpAt, resolve, reject } of all) {
      this.count += 1;
      const token = this.count.toString(36);
      try {
        if (this.deaf) throw this.deaf;
        this.nc.publish(subject, data, { reply: `${this.inbox}.${token}`, ...headersFor(options) });
        this.pending.set(token, { subject, giveUpAt, resolve, reject });
      } catch (error) {
        reject(error as Error);
      }
    }
    if (this.pending.size > 0) this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS);
  }

  private receive(msg: Msg): void {
    const token = msg.subject.slice(this.inbox.length + 1);
    const pending = this.pending.get(token);
    if (pending === undefined) return;
    this.pending.delete(token);
    if (msg.data.length === 0 && msg.headers?.code === NO_RESPONDERS) {
      const cause = new errors.NoRespondersError(pending.subject);
      pending.reject(new errors.RequestError(cause.message, { cause }));
      return;
    }
    try {
      const { seq, duplicate = false, error } = JSON.parse(utf8.decode(msg.data)) as PubAck;
      if (seq !== undefined && error === undefined) pending.resolve({ seq, duplicate });
      else
        pending.reject(
          error ? new JetStreamApiError(error) : new Error('the acknowledgement has no sequence'),
        );
    } catch (error) {
      pending.reject(error as Error);
    }
  }

  private sweep(): void {
    const now = performance.now();
    for (const [token, { giveUpAt, reject }] of this.pending) {
      if (giveUpAt > now) continue;
      this.pending.delete(token);
      reject(new errors.TimeoutError());
    }
    this.rest();
  }

  private rest(): void {
    if (this.pending.size > 0) return;
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }

  private rejectAll(makeError: () => Error): void {
    const all = [...this.pending.values()];
    this.pending.clear();
    this.rest();
    for (const { reject } of all) reject(makeError());
  }

  private beDeaf(cause: Error): void {
    this.deaf = new errors.RequestError(cause.message, { cause });
    this.rejectAll(() => this.deaf!);
  }

  private rejectForbidden(error: Error): void {
    if (!(error instanceof errors.PermissionViolationError) || error.operation !== 'publish') return;
    for (const [token, { subject, reject }] of this.pending) {
      if (subject !== error.subject) continue;
      this.pending.delete(token);
      reject(new errors.RequestError(error.message, { cause: error }));
    }
  }
}

function headersFor({ expectLastSeq, ttlMs, msgId }: PublishOptions) {
  if (expectLastSeq === undefined && ttlMs === undefined && msgId === undefined) return undefined;
  const made = headers();
  if (expectLastSeq !== undefined) made.set('Nats-Expected-Last-Subject-Sequence', String(expectLastSeq));
  if (ttlMs !== undefined) made.set('Nats-TTL', `${ttlMs}ms`);
  if (msgId !== undefined) made.set('Nats-Msg-Id', msgId);
  return { headers: made };
}

const publishers = new WeakMap<NatsConnection, Publisher>();

/** The one of this connection. */
export function publisherOf(nc: NatsConnection): Publisher {
  let publisher = publishers.get(nc);
  if (publisher === undefined) {
    publisher = new Publisher(nc);
    publishers.set(nc, publisher);
  }
  return publisher;
}
