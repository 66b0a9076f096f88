// One node's commands: its set is read from the stream, and what is stored later is heard on the subject on which the
// server repeats it. A lasting consumer would do as well, but to find its next message a server looks at all messages
// since its last one: with thousands of nodes that is most of what it does.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import { LogGoneError, LogUnavailableError } from '../errors.ts';
import type { Following, LogRecord } from '../log.ts';
import type { ConsumerStats } from './reading/consumer-stats.ts';
import { OrderedConsumer } from './reading/ordered-consumer.ts';
import { keepInSight } from './reading/sight.ts';
import { listenToConnection } from './server/connection-events.ts';
import { COMMANDS_STREAM } from './server/streams.ts';
import { ANSWER_MS, answerWithin, pause } from './writing/retrying.ts';

/** While its commands go on changing, a node reads its set at every so manyth check. */
const CHECKS_BETWEEN_READINGS = 10;
/** What is odd is looked into at once, and not again for so long. */
const DOUBT_EVERY_MS = 1_000;
const RETRY_MS = 200;
const FAR_ANSWER_MS = 5_000;
/** A reading is short, and what it waits for may have died. */
const READING_HEARTBEAT_MS = 500;

export interface ToldCommandsOptions {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  /** Where its commands are stored, and where they are repeated. */
  readonly storedOn: string;
  readonly toldOn: string;
  readonly heartbeatMs: number;
  /** How long to go on trying to start. */
  readonly startWithinMs: number;
  /** How often to ask whether anything was missed: servers may lose what they repeat, between each other. */
  readonly checkEveryMs: number;
  readonly onRecord: (record: Omit<LogRecord, 'time'>) => void;
  readonly onCaughtUp: () => void;
  readonly onError: (error: Error) => void;
  readonly stats: ConsumerStats;
}

interface Reading {
  consumer: OrderedConsumer | undefined;
  /** All that is stored up to here is delivered when the reading ends. */
  upTo: number;
  /** To be delivered after it: the whole set comes first. */
  readonly heard: Omit<LogRecord, 'time'>[];
  /** Delivered meanwhile, by subject: the set has been known before, and is read once more. */
  readonly newest: Map<string, number>;
}

export class ToldCommands implements Following {
  /** All that was stored up to here has been read. */
  private readUpTo = 0;
  /** Delivered after that. What was heard says nothing of what was missed before it. */
  private readonly heardSince = new Set<number>();
  private highest = 0;
  private highestAtCheck = 0;
  private checksSinceReading = 0;
  private doubtedAt = Number.NEGATIVE_INFINITY;
  private caughtUp = false;
  private ended = false;
  private streamCreated: string | undefined;
  private reading: Reading | undefined;
  private readonly subscription: Subscription;
  private readonly stopListening: () => void;
  private readonly checks: NodeJS.Timeout;
  private readonly stopSeeing: () => void;

  private constructor(private readonly options: ToldCommandsOptions) {
    const { nc, toldOn, checkEveryMs } = options;
    this.subscription = nc.subscribe(toldOn, {
      callback: (error, msg) => (error ? this.fail(error) : this.hear(msg)),
    });
    this.stopListening = listenToConnection(nc, {
      onReconnect: () => this.repair(),
      onClosed: () => this.fail(new LogUnavailableError('the connection is closed')),
    });
    this.checks = setInterval(() => {
      this.check().catch((error) => this.fail(error));
    }, checkEveryMs);
    this.stopSeeing = keepInSight(nc, options.jsm, options.stats);
  }

  static async start(options: ToldCommandsOptions): Promise<ToldCommands> {
    const commands = new ToldCommands(options);
    try {
      await commands.read(options.startWithinMs);
    } catch (error) {
      await commands.stop();
      throw error;
    }
    return commands;
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.checks);
    this.stopSeeing();
    this.stopListening();
    if (!this.options.nc.isClosed()) this.subscription.unsubscribe();
    await this.reading?.consumer?.stop();
  }

  private fail(error: unknown): void {
    if (this.ended) return;
    this.stop().catch(() => undefined);
    this.options.onError(error instanceof Error ? error : new Error(String(error)));
  }

  private repair(): void {
    if (this.ended || this.reading) return;
    this.options.stats.restarts += 1;
    this.options.stats.interrupted = true;
    this.readAgain();
  }

  private readAgain(): void {
    // One that is under way finds its place again by itself.
    if (this.ended || this.reading) return;
    this.read(Number.POSITIVE_INFINITY).catch((error) => this.fail(error));
  }

  /** Subscribed before, so that nothing falls between what is read and what is heard. */
  private async read(startWithinMs: number): Promise<void> {
    const { nc, jsm, storedOn, heartbeatMs, stats } = this.options;
    const reading: Reading = { consumer: undefined, upTo: 0, heard: [], newest: new Map() };
    this.reading = reading;
    this.checksSinceReading = 0;
    reading.consumer = await OrderedConsumer.start({
      nc,
      jsm,
      stream: COMMANDS_STREAM,
      start: 'last-per-subject',
      subjects: [storedOn],
      contiguous: false,
      heartbeatMs: Math.min(heartbeatMs, READING_HEARTBEAT_MS),
      startWithinMs,
      onStream: (created, lastSeq) => {
        this.checkSameStream(created, lastSeq);
        reading.upTo = Math.max(reading.upTo, lastSeq);
      },
      onRecord: (record) => {
        reading.upTo = Math.max(reading.upTo, record.seq);
        if (record.seq > (reading.newest.get(record.subject) ?? 0)) this.deliver(record);
      },
      onCaughtUp: () => this.endReading(reading),
      onError: (error) => this.fail(error),
      stats,
    });
    if (this.ended || this.reading !== reading) await reading.consumer.stop();
  }

  private endReading(reading: Reading): void {
    if (this.ended) return;
    this.reading = undefined;
    this.options.stats.interrupted = false;
    reading.consumer?.stop().catch((error) => this.fail(error));
    this.readUpTo = reading.upTo;
    for (const seq of this.heardSince) if (seq <= this.readUpTo) this.heardSince.delete(seq);
    for (const record of reading.heard) this.deliver(record);
    if (this.caughtUp) return;
    this.caughtUp = true;
    this.call(this.options.onCaughtUp);
  }

  /** Throws when sequences count anew. */
  private checkSameStream(created: string, lastSeq: number, highest = this.highest): void {
    this.streamCreated ??= created;
    if (this.streamCreated !== created)
      throw new LogGoneError(`the stream ${COMMANDS_STREAM} was deleted and made again`);
    if (lastSeq < highest)
      throw new LogGoneError(
        `the stream ${COMMANDS_STREAM} lost its end: ${highest} was read, and it ends at ${lastSeq}`,
      );
  }

  private hear(msg: Msg): void {
    const [subject, seq] = [msg.headers?.get('Nats-Subject'), Number(msg.headers?.get('Nats-Sequence'))];
    // Somebody else's message; the server's say what they repeat.
    if (!subject || !Number.isInteger(seq) || seq === 0) return;
    const record = { subject, seq, data: msg.data };
    if (this.reading && !this.caughtUp) this.reading.heard.push(record);
    else if (this.isKnown(seq)) this.doubt();
    else {
      this.reading?.newest.set(subject, seq);
      this.deliver(record);
    }
  }

  private isKnown(seq: number): boolean {
    return seq <= this.readUpTo || this.heardSince.has(seq);
  }

  /** Told once more under the same number: held up on its way, or of a stream that was made anew and counts from one. */
  private doubt(): void {
    const now = performance.now();
    if (now - this.doubtedAt < DOUBT_EVERY_MS) return;
    this.doubtedAt = now;
    this.checkUntilTold().catch((error) => this.fail(error));
  }

  private async checkUntilTold(): Promise<void> {
    while (!(this.ended || this.reading || (await this.check()))) await pause(RETRY_MS);
  }

  private deliver(record: Omit<LogRecord, 'time'>): void {
    const { seq } = record;
    if (this.ended || this.isKnown(seq)) return;
    this.heardSince.add(seq);
    this.highest = Math.max(this.highest, seq);
    this.call(() => this.options.onRecord(record));
  }

  /** Whether the stream could be asked. */
  private async check(): Promise<boolean> {
    if (this.ended || this.reading) return true;
    const { jsm, storedOn } = this.options;
    // What is heard while the answer is on its way may be later than the answer.
    const { highest } = this;
    try {
      const { created, state } = await answerWithin(ANSWER_MS, jsm.streams.info(COMMANDS_STREAM));
      this.checkSameStream(created, state.last_seq, highest);
      const newest = await answerWithin(
        FAR_ANSWER_MS,
        jsm.streams.getMessage(COMMANDS_STREAM, { last_by_subj: storedOn }),
      );
      if (newest && newest.seq > this.highest && newest.seq > this.readUpTo) this.repair();
      else this.readWhenQuiet();
      return true;
    } catch (error) {
      // Whatever else it is: asked again next time, and when the connection is back everything is read anyhow.
      if (error instanceof LogGoneError) this.fail(error);
      return false;
    }
  }

  /** Something may have been lost between two that were heard, which no question about the newest shows. */
  private readWhenQuiet(): void {
    const isQuiet = this.highest === this.highestAtCheck;
    this.highestAtCheck = this.highest;
    this.checksSinceReading += 1;
    if (this.heardSince.size === 0) return;
    if (isQuiet || this.checksSinceReading >= CHECKS_BETWEEN_READINGS) this.readAgain();
  }

  /** An error that escaped into the client would end its reading of the connection. */
  private call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.fail(error);
    }
  }
}
