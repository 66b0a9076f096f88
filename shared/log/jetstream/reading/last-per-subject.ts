// A stream that keeps one message for each subject: how all of them are written and read, whatever they hold.
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { PutCommandOptions } from '../../commands.ts';
import type { AppendResult } from '../../log.ts';
import type { JetStreamOptions } from '../log.ts';
import { appendToStream } from '../writing/append.ts';
import { countConsumer } from './consumer-stats.ts';

const SHORTEST_TTL_MS = 1000;
/** All of them can be written again, and the sooner the better. */
export const GONE_AFTER_MS = 500;
/** Where a million commands are stored, a server looks for the last ones for several seconds. */
const ANSWER_MS = 30_000;

export class LastPerSubject {
  private readonly manager: Promise<JetStreamManager>;
  private readonly retryForMs: number;
  readonly heartbeatMs: number;

  constructor(
    private readonly nc: NatsConnection,
    private readonly stream: string,
    options: JetStreamOptions,
  ) {
    this.retryForMs = options.retryForMs ?? 10_000;
    this.manager = jetstreamManager(nc, { checkAPI: false, timeout: ANSWER_MS });
    this.heartbeatMs = options.heartbeatMs ?? 1_000;
  }

  async put(
    subject: string,
    data: Uint8Array,
    { expectLastSeq, ttlMs }: PutCommandOptions,
  ): Promise<AppendResult> {
    if (ttlMs !== undefined && ttlMs < SHORTEST_TTL_MS) throw new RangeError('ttlMs must be at least 1000');
    const { stream, retryForMs: forMs } = this;
    return appendToStream(this.nc, { stream, subject, data, expectLastSeq, ttlMs, forMs });
  }

  /** What every way of following it is begun with. */
  async consuming() {
    return {
      nc: this.nc,
      jsm: await this.manager,
      heartbeatMs: this.heartbeatMs,
      startWithinMs: this.retryForMs,
      stats: countConsumer(this.nc, this.stream),
    };
  }
}
