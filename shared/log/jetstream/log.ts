// The log on a JetStream stream. The connection belongs to whoever made it: closing the log leaves it open.
import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { LogUnavailableError } from '../errors.ts';
import type {
  AppendOptions,
  AppendResult,
  Following,
  FollowOptions,
  Log,
  LogRecord,
  ReadOptions,
} from '../log.ts';
import { checkLogSubject, matchSubjects } from '../subjects.ts';
import { type ConsumerStats, countConsumer, startConsumerStats } from './reading/consumer-stats.ts';
import { findRecord } from './reading/find-record.ts';
import { OrderedConsumer, type OrderedConsumerOptions } from './reading/ordered-consumer.ts';
import { readBounded } from './reading/read.ts';
import { believed } from './reading/read-check.ts';
import { LOG_STREAM } from './server/streams.ts';
import { appendToStream, measureRoom } from './writing/append.ts';
import { ANSWER_MS, answerWithin, retrying } from './writing/retrying.ts';

export interface JetStreamOptions {
  /** How long to go on trying while the log can't be reached. */
  readonly retryForMs?: number;
  /** How often an idle server tells followers that it is there; three missing ones are noticed. */
  readonly heartbeatMs?: number;
  /** What time the server that leads the stream says it is, in ms since the epoch: whenever it is asked for something else. */
  readonly onServerTime?: (time: number) => void;
}

type ConsumeOptions = Pick<ReadOptions, 'from' | 'subjects'> &
  Pick<
    OrderedConsumerOptions,
    'onRecord' | 'onCaughtUp' | 'onError' | 'onInterrupted' | 'onResumed' | 'onFlowControl'
  > & {
    readonly stats?: ConsumerStats;
    readonly staysLevel?: boolean;
  };

export class JetStreamLog implements Log {
  private readonly manager: Promise<JetStreamManager>;
  private readonly consumers = new Set<OrderedConsumer>();
  private readonly retryForMs: number;
  private readonly heartbeatMs: number;
  private readonly onServerTime: JetStreamOptions['onServerTime'];
  private closed = false;

  constructor(
    private readonly nc: NatsConnection,
    options: JetStreamOptions = {},
  ) {
    this.retryForMs = options.retryForMs ?? 10_000;
    this.manager = jetstreamManager(nc, { checkAPI: false, timeout: Math.min(5_000, this.retryForMs) });
    this.heartbeatMs = options.heartbeatMs ?? 1_000;
    this.onServerTime = options.onServerTime;
  }

  get maxRecordBytes(): number {
    return measureRoom(this.nc);
  }

  async append(subject: string, data: Uint8Array, options: AppendOptions = {}): Promise<AppendResult> {
    this.checkOpen();
    checkLogSubject(subject);
    return appendToStream(this.nc, {
      stream: LOG_STREAM,
      subject,
      data,
      expectLastSeq: options.expectLastSubjectSeq,
      id: options.id,
      forMs: this.retryForMs,
    });
  }

  async *read(options: ReadOptions): AsyncGenerator<LogRecord> {
    const head = await this.head();
    const last = Math.min(options.to ?? head, head);
    if (options.from > last) return;
    yield* readBounded(last, (handlers) => this.consume({ ...options, ...handlers }));
  }

  async follow(options: FollowOptions): Promise<Following> {
    this.checkOpen();
    const { onCaughtUp = () => undefined } = options;
    return this.consume({
      ...options,
      onCaughtUp,
      staysLevel: true,
      stats: countConsumer(this.nc, LOG_STREAM),
    });
  }

  async find(seq: number): Promise<LogRecord | undefined> {
    this.checkOpen();
    return retrying(this.nc, { forMs: this.retryForMs, what: `read record ${seq}` }, async () =>
      answerWithin(ANSWER_MS, findRecord(await this.manager, LOG_STREAM, seq)),
    );
  }

  async head(): Promise<number> {
    this.checkOpen();
    const info = await retrying(
      this.nc,
      { forMs: this.retryForMs, what: "ask for the log's head" },
      async () => {
        const manager = await this.manager;
        return believed(await answerWithin(ANSWER_MS, manager.streams.info(LOG_STREAM)));
      },
    );
    return info.state.last_seq;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.consumers].map((consumer) => consumer.stop()));
  }

  private async consume(options: ConsumeOptions): Promise<Following> {
    const { from, subjects, onRecord, onCaughtUp, onError, onInterrupted, onResumed, onFlowControl } =
      options;
    matchSubjects(subjects);
    const consumer = await OrderedConsumer.start({
      nc: this.nc,
      jsm: await this.manager,
      stream: LOG_STREAM,
      start: from,
      subjects,
      contiguous: subjects === undefined,
      // Whoever holds the server back stands still when he likes.
      staysLevel: options.staysLevel === true && subjects === undefined && onFlowControl === undefined,
      heartbeatMs: this.heartbeatMs,
      startWithinMs: this.retryForMs,
      onRecord,
      onCaughtUp,
      onError,
      onInterrupted,
      onResumed,
      onFlowControl,
      onInfo: (info) => this.tellTime(info),
      stats: options.stats ?? startConsumerStats(LOG_STREAM),
    });
    for (const known of this.consumers) if (known.stopped) this.consumers.delete(known);
    this.consumers.add(consumer);
    if (this.closed) await consumer.stop();
    return consumer;
  }

  private tellTime({ ts }: StreamInfo): void {
    const time = ts === undefined ? Number.NaN : Date.parse(ts);
    if (time > 0) this.onServerTime?.(time);
  }

  private checkOpen(): void {
    if (this.closed) throw new LogUnavailableError('the log is closed');
  }
}
