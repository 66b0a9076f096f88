// The endpoints on a JetStream stream that keeps one message for each subject. Every follower reads all of it in order, with a
// consumer without a filter: so a server has nothing to compare, and a follower can say how far it has come.
import { type EndpointsOf, parseEndpointsSubject } from '@muster/events';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { PutCommandOptions } from '../commands.ts';
import type { EndpointStore, FollowEndpointsOptions } from '../endpoints.ts';
import type { AppendResult, Following } from '../log.ts';
import { checkedEndpointsSubject } from '../subjects.ts';
import { appendToStream } from './append.ts';
import { countConsumer } from './consumer-stats.ts';
import type { JetStreamOptions } from './log.ts';
import { OrderedConsumer } from './ordered-consumer.ts';
import { ENDPOINTS_STREAM } from './streams.ts';

const SHORTEST_TTL_MS = 1000;
/** All of them can be written again, and the sooner the better. */
const GONE_AFTER_MS = 500;
const ANSWER_MS = 30_000;
/** Of a thousand nodes, each would otherwise be told once a second that nothing has changed. */
const FAR_HEARTBEAT_MS = 5_000;

export class JetStreamEndpointStore implements EndpointStore {
  private readonly manager: Promise<JetStreamManager>;
  private readonly retryForMs: number;
  private readonly heartbeatMs: number;

  constructor(
    private readonly nc: NatsConnection,
    options: JetStreamOptions = {},
  ) {
    this.retryForMs = options.retryForMs ?? 10_000;
    this.manager = jetstreamManager(nc, { checkAPI: false, timeout: ANSWER_MS });
    this.heartbeatMs = options.heartbeatMs ?? 1_000;
  }

  async put(
    of: EndpointsOf,
    data: Uint8Array,
    { expectLastSeq, ttlMs }: PutCommandOptions,
  ): Promise<AppendResult> {
    const subject = checkedEndpointsSubject(of);
    if (ttlMs !== undefined && ttlMs < SHORTEST_TTL_MS) throw new RangeError('ttlMs must be at least 1000');
    return appendToStream(this.nc, {
      stream: ENDPOINTS_STREAM,
      subject,
      data,
      expectLastSeq,
      ttlMs,
      forMs: this.retryForMs,
    });
  }

  async follow(options: FollowEndpointsOptions): Promise<Following> {
    const { onEndpoints, onCaughtUp, onError, closely = false } = options;
    return OrderedConsumer.start({
      nc: this.nc,
      jsm: await this.manager,
      stream: ENDPOINTS_STREAM,
      start: 'last-per-subject',
      subjects: undefined,
      contiguous: false,
      staysLevel: closely,
      goneAfterMs: GONE_AFTER_MS,
      heartbeatMs: closely ? this.heartbeatMs : Math.max(this.heartbeatMs, FAR_HEARTBEAT_MS),
      startWithinMs: this.retryForMs,
      onRecord({ subject, seq, data }) {
        const of = parseEndpointsSubject(subject);
        if (of) onEndpoints({ of, seq, data });
      },
      onCaughtUp,
      onError,
      stats: countConsumer(this.nc, ENDPOINTS_STREAM),
    });
  }
}
