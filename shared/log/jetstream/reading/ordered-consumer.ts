// Reads a stream in order, for ever, and never loses its place: whenever a message is missing, heartbeats stop or the
// connection comes back, it opens another session after the last record delivered. The client library has an ordered
// consumer too; that one notices a lost tail only when the next message arrives, and a lost consumer after a minute.
import { DeliverPolicy, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/nats-core';
import { LogGapError, LogGoneError, LogUnavailableError } from '../../errors.ts';
import type { Following, LogRecord } from '../../log.ts';
import { reducePatterns } from '../../subjects.ts';
import { listenToConnection } from '../server/connection-events.ts';
import { isStreamMissing } from '../server/streams.ts';
import { ANSWER_MS, answerWithin, isPassing, pause, waitAtMost } from '../writing/retrying.ts';
import type { ConsumerStats } from './consumer-stats.ts';
import { Lateness } from './lateness.ts';
import { checkLevel, type LevelCheck } from './level-check.ts';
import { Placement } from './placement.ts';
import { Portions } from './portions.ts';
import { PushSession, type SessionStart } from './push-session.ts';
import { ReadCheck } from './read-check.ts';
import { Silence } from './silence.ts';

const RETRY_MS = 200;
/**
 * The last of each subject may have to be looked for among millions, which takes as long as it takes; a server that dies, or
 * that a consumer was to be put on, never answers. So each try is given twice the time of the one before.
 */
const FAR_LOOK_MS = { ofSome: 1_000, ofAll: 5_000 };
/** A stream that is missing for less than this may be one whose server is still starting. */
const GONE_AFTER_MS = 5_000;
/** Stopping waits this long for the server to remove the consumer, which it does by itself later. */
const REMOVAL_MS = 500;
/** One answer may be missing: it is asked for about every second. */
const UNSEEN_AFTER_MS = 2_000;

export interface OrderedConsumerOptions {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly stream: string;
  /** The first sequence wanted, or the last message of each subject and then all that follow. */
  readonly start: number | 'last-per-subject';
  readonly subjects: readonly string[] | undefined;
  /** A missing sequence is an error; only for reading every subject of a stream that loses nothing. */
  readonly contiguous: boolean;
  /** Never to stand still while the stream goes on: for who follows all of it, at his own speed or not at all. */
  readonly staysLevel?: boolean;
  /** How long a stream may be missing before it is taken for gone: five seconds, where nothing is said. */
  readonly goneAfterMs?: number;
  readonly heartbeatMs: number;
  /** How long to go on trying to start. */
  readonly startWithinMs: number;
  /** When the stream was made and its last sequence, told before anything of it is read. What it throws ends the consumer. */
  readonly onStream?: (created: string, lastSeq: number) => void;
  /** What the stream's leader says of it, whenever it is asked. */
  readonly onInfo?: (info: StreamInfo) => void;
  readonly onRecord: (record: LogRecord) => void;
  readonly onCaughtUp: () => void;
  readonly onError: (error: Error) => void;
  readonly onInterrupted?: (() => void) | undefined;
  readonly onResumed?: (() => void) | undefined;
  /** Is given what lets the server send more, when all that it sent before has been delivered; by default that is called. */
  readonly onFlowControl?: ((goOn: () => void) => void) | undefined;
  readonly stats: ConsumerStats;
}

/** A record, or something whose turn comes after those before it. */
type Delivery = LogRecord | (() => void);

export class OrderedConsumer implements Following {
  /** The last record received, or the one before the first wanted. */
  private last: number;
  /** The last record delivered, or the one before the first wanted. */
  private delivered: number;
  private readonly lateness = new Lateness();
  /** Whether a record has been received: `last` is then a fact about the stream. */
  private begun = false;
  /** All that was to be had of the stream up to here has been received, where not every record of it is. */
  private covered = 0;
  private caughtUp = false;
  private ended = false;
  private session: PushSession | undefined;
  /** Counts the attempts to open a session: an attempt that isn't the latest gives up. */
  private turn = 0;
  private openedAt = Number.NEGATIVE_INFINITY;
  private streamCreated: string | undefined;
  private readonly lastRead: ReadCheck;
  private interrupted = false;
  /** It stood still, and neither has anything come since nor is it level: begun anew or not, it is not taken for well. */
  private stuck = false;
  /** How long the next far look may take. */
  private farLookMs: number;
  private readonly placement = new Placement();
  private readonly deliveries = new Portions<Delivery>((delivery) => this.deliver(delivery));
  private readonly stopListening: () => void;
  private readonly level: LevelCheck | undefined;

  private constructor(private readonly options: OrderedConsumerOptions) {
    this.last = options.start === 'last-per-subject' ? 0 : Math.max(1, options.start) - 1;
    this.delivered = this.last;
    this.farLookMs = this.firstFarLookMs;
    this.lastRead = new ReadCheck(options.jsm, options.stream, options.contiguous);
    this.stopListening = listenToConnection(options.nc, {
      onDisconnect: () => this.interrupt(),
      onReconnect: () => this.reopen(),
      onClosed: () => this.fail(new LogUnavailableError('the connection is closed')),
    });
    if (options.staysLevel === true) {
      options.stats.measureLateMs = this.measureLateMs;
      this.level = checkLevel({
        jsm: options.jsm,
        stream: options.stream,
        silence: new Silence(options.nc, options.stats),
        position: () => this.position(),
        onInfo: (info) => {
          this.options.onInfo?.(info);
          if (options.contiguous) this.lateness.noteEnd(info.state.last_seq, performance.now());
        },
        onStuck: () => {
          this.stuck = true;
          this.reopen();
        },
        onLevel: () => this.noteWell(),
      });
    }
  }

  static async start(options: OrderedConsumerOptions): Promise<OrderedConsumer> {
    const consumer = new OrderedConsumer(options);
    try {
      await consumer.open(options.startWithinMs);
    } catch (error) {
      await consumer.stop();
      throw error;
    }
    return consumer;
  }

  /** By whoever started it, or by an error. */
  get stopped(): boolean {
    return this.ended;
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.deliveries.drop();
    this.level?.stop();
    const { stats } = this.options;
    if (stats.measureLateMs === this.measureLateMs) stats.measureLateMs = () => 0;
    this.stopListening();
    const closing = this.closeSession();
    if (closing !== undefined) await waitAtMost(REMOVAL_MS, closing);
  }

  private get firstFarLookMs(): number {
    return this.options.subjects === undefined ? FAR_LOOK_MS.ofAll : FAR_LOOK_MS.ofSome;
  }

  readonly measureLateMs = () =>
    Math.max(this.lateness.measure(this.delivered, performance.now()), this.measureUnseenMs());

  /** What nobody tells of may be in the stream, unless it was about to be told. */
  private measureUnseenMs(): number {
    const silenceMs = this.level?.measureSilenceMs() ?? 0;
    return silenceMs > UNSEEN_AFTER_MS ? silenceMs : 0;
  }

  /** Undefined while it is no wonder that nothing comes. */
  private position(): number | undefined {
    if (this.interrupted || this.deliveries.size > 0) return undefined;
    // Nothing was to come yet.
    if (this.options.start === 'last-per-subject' && !this.caughtUp) return undefined;
    return Math.max(this.last, this.covered);
  }

  private fail(error: unknown): void {
    if (this.ended) return;
    this.stop().catch(ignoreFailure);
    this.options.onError(error instanceof Error ? error : new Error(String(error)));
  }

  private interrupt(): void {
    if (this.ended) return;
    this.options.stats.interrupted = true;
    if (this.interrupted) return;
    this.interrupted = true;
    this.options.onInterrupted?.();
  }

  private resume(): void {
    this.options.stats.interrupted = this.stuck;
    if (!this.interrupted) return;
    this.interrupted = false;
    this.options.onResumed?.();
  }

  private reopen(): void {
    if (this.ended) return;
    this.options.stats.restarts += 1;
    this.interrupt();
    this.open(Number.POSITIVE_INFINITY).catch((error) => this.fail(error));
  }

  private closeSession(): Promise<void> | undefined {
    const closing = this.session?.close();
    this.session = undefined;
    return closing;
  }

  private async open(forMs: number): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    this.closeSession()?.catch(ignoreFailure);
    const startedAt = performance.now();
    if (startedAt - this.openedAt < RETRY_MS) await pause(RETRY_MS);
    for (; this.turn === turn && !this.ended; await pause(RETRY_MS)) {
      try {
        await this.openSession(turn);
        return;
      } catch (error) {
        if (this.turn !== turn || this.ended) return;
        this.closeSession()?.catch(ignoreFailure);
        this.judge(error, performance.now() - startedAt, forMs);
      }
    }
  }

  /** Returns when another try is worth it. */
  private judge(error: unknown, triedMs: number, forMs: number): void {
    const { nc, stream } = this.options;
    if (nc.isClosed()) {
      throw new LogUnavailableError('the connection is closed', { cause: error });
    } else if (isStreamMissing(error)) {
      if (triedMs > Math.min(this.options.goneAfterMs ?? GONE_AFTER_MS, forMs)) {
        throw new LogGoneError(`the stream ${stream} doesn't exist`, { cause: error });
      }
    } else if (!isPassing(error)) {
      throw error;
    } else if (triedMs > forMs) {
      throw new LogUnavailableError(`can't follow ${stream}`, { cause: error });
    }
  }

  private async openSession(turn: number): Promise<void> {
    const { nc, jsm, stream, heartbeatMs, onFlowControl, stats } = this.options;
    const info = await answerWithin(ANSWER_MS, jsm.streams.info(stream));
    if (this.turn !== turn || this.ended) return;
    this.options.onInfo?.(info);
    this.checkSameStream(info.created);
    await this.lastRead.check(info, ANSWER_MS);
    if (this.turn !== turn || this.ended) return;
    this.options.onStream?.(info.created, info.state.last_seq);
    const session = new PushSession({
      nc,
      jsm,
      stream,
      start: this.sessionStart(),
      heartbeatMs,
      onRecord: (record) => this.receive(record),
      onCaughtUp: () => this.reportCaughtUp(info.state.last_seq),
      onBroken: () => this.reopen(),
      onRefused: (error) => this.fail(error),
      onFlowControl: (goOn) => this.deliveries.add(onFlowControl ? () => onFlowControl(goOn) : goOn),
      stats,
    });
    this.session = session;
    const isFar = lookingFar(this.sessionStart());
    const limitMs = isFar ? this.farLookMs : ANSWER_MS;
    if (isFar) this.farLookMs *= 2;
    const where = await answerWithin(limitMs, session.open());
    this.farLookMs = this.firstFarLookMs;
    if (this.turn !== turn || this.ended) return;
    if (!this.placement.accepts(info, where)) throw new errors.TimeoutError();
    this.openedAt = performance.now();
    this.resume();
  }

  private checkSameStream(created: string): void {
    const { stream } = this.options;
    this.streamCreated ??= created;
    if (this.streamCreated !== created) {
      throw new LogGoneError(`the stream ${stream} was deleted and made again`);
    }
  }

  private sessionStart(): SessionStart {
    const { start, subjects } = this.options;
    const filters = subjects === undefined ? [] : reducePatterns(subjects);
    const [filter, ...others] = filters;
    const lastPerSubject = start === 'last-per-subject' && !this.begun;
    return {
      ...(lastPerSubject
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.last + 1 }),
      ...(filter === undefined || filter === '>'
        ? // The server insists on one there; this one costs it nothing.
          lastPerSubject && { filter_subject: '>' }
        : others.length === 0
          ? { filter_subject: filter }
          : { filter_subjects: filters }),
    };
  }

  private noteWell(): void {
    if (!this.stuck) return;
    this.stuck = false;
    this.options.stats.interrupted = this.interrupted;
  }

  private receive(record: LogRecord): void {
    if (this.ended || record.seq <= this.last) return;
    if (this.options.contiguous && record.seq !== this.last + 1) {
      this.fail(new LogGapError(this.last + 1, record.seq));
      return;
    }
    this.last = record.seq;
    this.begun = true;
    this.noteWell();
    this.lastRead.note(record);
    this.deliveries.add(record);
  }

  private reportCaughtUp(streamEnd: number): void {
    if (this.ended) return;
    if (!this.options.contiguous) this.covered = Math.max(this.covered, streamEnd);
    if (this.caughtUp) return;
    this.caughtUp = true;
    this.deliveries.add(this.options.onCaughtUp);
  }

  /** An error that escaped into the client would end its reading of the connection. */
  private deliver(delivery: Delivery): void {
    if (this.ended) return;
    try {
      if (typeof delivery === 'function') delivery();
      else {
        this.options.onRecord(delivery);
        this.delivered = delivery.seq;
      }
    } catch (error) {
      this.fail(error);
    }
  }
}

/** Of what is left behind: the server removes a consumer that nobody listens to any more. */
function ignoreFailure(): void {}

function lookingFar({ deliver_policy }: SessionStart): boolean {
  return deliver_policy === DeliverPolicy.LastPerSubject;
}
