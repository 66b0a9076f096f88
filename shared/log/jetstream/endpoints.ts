// The endpoints on a JetStream stream that keeps one message for each subject. Every follower reads all of it in order, with a
// consumer without a filter: so a server has nothing to compare, and a follower can say how far it has come.
import { type EndpointsOf, parseEndpointsSubject } from '@muster/events';
import type { NatsConnection } from '@nats-io/nats-core';
import type { PutCommandOptions } from '../commands.ts';
import type { EndpointStore, FollowEndpointsOptions } from '../endpoints.ts';
import type { AppendResult, Following } from '../log.ts';
import { checkedEndpointsSubject } from '../subjects.ts';
import type { JetStreamOptions } from './log.ts';
import { GONE_AFTER_MS, LastPerSubject } from './reading/last-per-subject.ts';
import { OrderedConsumer } from './reading/ordered-consumer.ts';
import { ENDPOINTS_STREAM } from './server/streams.ts';

/** Of a thousand nodes, each would otherwise be told once a second that nothing has changed. */
const FAR_HEARTBEAT_MS = 5_000;

export class JetStreamEndpointStore implements EndpointStore {
  private readonly kept: LastPerSubject;

  constructor(nc: NatsConnection, options: JetStreamOptions = {}) {
    this.kept = new LastPerSubject(nc, ENDPOINTS_STREAM, options);
  }

  async put(of: EndpointsOf, data: Uint8Array, options: PutCommandOptions): Promise<AppendResult> {
    return this.kept.put(checkedEndpointsSubject(of), data, options);
  }

  async follow(options: FollowEndpointsOptions): Promise<Following> {
    const { onEndpoints, onCaughtUp, onError, closely = false } = options;
    return OrderedConsumer.start({
      ...(await this.kept.consuming()),
      stream: ENDPOINTS_STREAM,
      start: 'last-per-subject',
      subjects: undefined,
      contiguous: false,
      staysLevel: closely,
      goneAfterMs: GONE_AFTER_MS,
      heartbeatMs: closely ? this.kept.heartbeatMs : Math.max(this.kept.heartbeatMs, FAR_HEARTBEAT_MS),
      onRecord({ subject, seq, data }) {
        const of = parseEndpointsSubject(subject);
        if (of) onEndpoints({ of, seq, data });
      },
      onCaughtUp,
      onError,
    });
  }
}
