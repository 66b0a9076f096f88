// One push consumer on the server and the subscription it delivers to. Counts deliveries and heartbeats, answers flow
// control, and tells as soon as it is of no more use. It is never repaired: whoever owns it opens another, whose inbox
// is its own, so that stragglers of this one can't be taken for its messages.
import { AckPolicy, type ConsumerConfig, type JetStreamManager, ReplayPolicy } from '@nats-io/jetstream';
import {
  createInbox,
  type Msg,
  type NatsConnection,
  nanos,
  nuid,
  type Subscription,
} from '@nats-io/nats-core';
import type { LogRecord } from '../../log.ts';
import type { ConsumerStats } from './consumer-stats.ts';
import { readDelivered } from './delivered.ts';

/** The status of what isn't a record: flow control and heartbeats. */
const CONTROL = 100;
/** Heartbeats that may be missing before the session is given up. */
const MISSED_HEARTBEATS = 3;
/** How long the server keeps a consumer that nobody listens to. */
const ABANDONED_AFTER_MS = 10_000;

export type SessionStart = Pick<
  ConsumerConfig,
  'deliver_policy' | 'opt_start_seq' | 'filter_subject' | 'filter_subjects'
>;

export interface PushSessionOptions {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly stream: string;
  readonly start: SessionStart;
  readonly heartbeatMs: number;
  readonly onRecord: (record: LogRecord) => void;
  /** Everything stored when the session was opened has been delivered. */
  readonly onCaughtUp: () => void;
  /** Something was lost: another session is needed. */
  readonly onBroken: () => void;
  readonly onRefused: (error: Error) => void;
  /** Is given what lets the server send more, to be called when there is room. */
  readonly onFlowControl: (goOn: () => void) => void;
  readonly stats: ConsumerStats;
}

export class PushSession {
  private readonly inbox: string;
  private readonly name = `muster_${nuid.next()}`;
  private readonly subscription: Subscription;
  private readonly monitor: NodeJS.Timeout;
  private asked = false;
  private created = false;
  private closed = false;
  private caughtUp = false;
  private delivered = 0;
  /** How many deliveries it takes to be caught up; known when the server has answered. */
  private target = Number.POSITIVE_INFINITY;
  /** Answers to flow control that are still to come from here. */
  private owed = 0;
  private heard = true;
  private missedHeartbeats = 0;

  constructor(private readonly options: PushSessionOptions) {
    const { nc, heartbeatMs } = options;
    // The prefix is pinned where permissions ask for it, and the client keeps it to itself.
    this.inbox = createInbox((nc as { options?: { inboxPrefix?: string } }).options?.inboxPrefix);
    this.subscription = nc.subscribe(this.inbox, {
      callback: (error, msg) => this.receive(error, msg),
    });
    this.monitor = setInterval(() => this.checkHeartbeat(), heartbeatMs);
  }

  /** Makes the consumer. Records may come before this resolves, with the server that it was put on, where there are several. */
  async open(): Promise<string | undefined> {
    const { nc, jsm, stream, start, heartbeatMs } = this.options;
    const clientName = (nc as { options?: { name?: string } }).options?.name;
    this.asked = true;
    const made = await jsm.consumers.add(stream, {
      ...start,
      name: this.name,
      // A slow one can be told by who it is.
      ...(clientName !== undefined && { description: clientName }),
      deliver_subject: this.inbox,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
      flow_control: true,
      idle_heartbeat: nanos(heartbeatMs),
      inactive_threshold: nanos(ABANDONED_AFTER_MS),
    });
    this.created = true;
    this.setTarget(made.delivered.consumer_seq + made.num_pending);
    return made.cluster?.leader;
  }

  /** Nothing is called from here on. Resolves when the server has removed the consumer. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.monitor);
    const { nc, jsm, stream } = this.options;
    if (nc.isClosed()) return;
    this.subscription.unsubscribe();
    // What can't be removed now is removed by the server when it has been abandoned for long enough.
    if (this.asked) await jsm.consumers.delete(stream, this.name).catch(() => undefined);
  }

  private receive(error: Error | null, msg: Msg): void {
    if (this.closed) return;
    if (error !== null) {
      this.options.onRefused(error);
      return;
    }
    this.heard = true;
    // Records keep the subject they were published on; whatever comes for the inbox itself is the server speaking.
    if (msg.subject === this.inbox) this.receiveStatus(msg);
    else this.receiveRecord(msg);
  }

  private receiveRecord(msg: Msg): void {
    const delivery = readDelivered(msg);
    if (delivery?.deliverySeq !== this.delivered + 1) {
      this.options.onBroken();
      return;
    }
    this.delivered += 1;
    this.options.stats.pending = delivery.pending;
    this.options.onRecord(delivery.record);
    if (this.delivered >= this.target || delivery.pending === 0) this.reportCaughtUp();
  }

  private receiveStatus(msg: Msg): void {
    const { headers } = msg;
    if (headers?.code !== CONTROL) this.options.onBroken();
    else if (msg.reply) this.answerFlowControl(msg);
    else if (Number(headers.get('Nats-Last-Consumer')) > this.delivered) this.options.onBroken();
    else this.receiveHeartbeat(headers.get('Nats-Consumer-Stalled'));
  }

  private answerFlowControl(msg: Msg): void {
    this.options.stats.flowControls += 1;
    this.owed += 1;
    this.options.onFlowControl(() => {
      this.owed -= 1;
      if (!this.closed) msg.respond();
    });
  }

  /** `stalled` is where an answer to flow control is missing, if the server waits for one. */
  private receiveHeartbeat(stalled: string): void {
    if (stalled === '') {
      this.compareWithServer().catch(this.options.onRefused);
      return;
    }
    this.options.stats.stalls += 1;
    if (this.owed === 0) this.options.nc.publish(stalled);
  }

  /**
   * Messages that go while they wait to be delivered (replaced or expired commands) never count towards the target,
   * so an idle consumer that isn't caught up yet asks.
   */
  private async compareWithServer(): Promise<void> {
    if (this.caughtUp || this.target === Number.POSITIVE_INFINITY) return;
    const { jsm, stream } = this.options;
    const found = await jsm.consumers.info(stream, this.name).catch(() => undefined);
    if (this.closed || found === undefined || found.num_pending > 0) return;
    this.setTarget(found.delivered.consumer_seq);
  }

  private setTarget(target: number): void {
    this.target = target;
    if (this.delivered >= target) this.reportCaughtUp();
  }

  private reportCaughtUp(): void {
    if (this.caughtUp || this.closed) return;
    this.caughtUp = true;
    this.options.onCaughtUp();
  }

  private checkHeartbeat(): void {
    if (!this.created) return;
    this.missedHeartbeats = this.heard ? 0 : this.missedHeartbeats + 1;
    this.heard = false;
    if (this.missedHeartbeats >= MISSED_HEARTBEATS) this.options.onBroken();
  }
}
