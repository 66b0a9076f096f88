// The bus inside one process, for tests and simulation. Deterministic: deliveries go through `deliver`, time-outs
// through the clock, members of a queue take turns. Participants can be cut off and brought back.
import { checkSubject, matchSubject } from '@muster/log';
import type { Clock } from '../clock.ts';
import type { Bus, BusMessage, BusSubscription } from './bus.ts';
import { NoAnswerError } from './bus-errors.ts';
import { isReplySubject } from './reply-subject.ts';

export interface MemoryBusOptions {
  /** Only for the time-outs of requests. */
  readonly clock: Clock;
  /** Runs one delivery to a client, later; a microtask by default. */
  readonly deliver?: (client: string, run: () => void) => void;
  /** Whether a message is lost on its way from one client to another. */
  readonly drop?: (from: string, to: string, message: BusMessage) => boolean;
}

interface Participant {
  readonly name: string;
  connected: boolean;
  readonly listeners: ((connected: boolean) => void)[];
}

interface Interest {
  readonly owner: Participant;
  readonly subject: string;
  readonly matches: (subject: string) => boolean;
  readonly queue: string | undefined;
  readonly onMessage: (message: BusMessage) => void;
  stopped: boolean;
}

export class MemoryBus {
  private readonly participants = new Map<string, Participant>();
  /** Listeners on one subject each, and listeners on patterns: the first are many, and found by name. */
  private readonly bySubject = new Map<string, Set<Interest>>();
  private readonly onPatterns = new Set<Interest>();
  /** Whose turn it is in each queue. */
  private readonly turns = new Map<string, number>();
  private inboxes = 0;

  constructor(private readonly options: MemoryBusOptions) {}

  /** The bus as the participant of this name has it. Asking twice for a name is the same participant. */
  client(name: string): Bus {
    const owner = this.participant(name);
    return {
      publish: (subject, data, options) => {
        this.route(owner, toMessage(subject, data, options?.reply));
      },
      subscribe: (subject, onMessage, options) => this.subscribe(owner, subject, onMessage, options?.queue),
      request: (subject, data, { timeoutMs }) => this.request(owner, subject, data, timeoutMs),
      inbox: () => this.nextInbox(),
      onConnection: (listener) => {
        owner.listeners.push(listener);
        listener(owner.connected);
      },
    };
  }

  /** What the participant publishes from now on is lost, and nothing reaches it. Its subscriptions stay. */
  disconnect(name: string): void {
    this.change(this.participant(name), false);
  }

  reconnect(name: string): void {
    this.change(this.participant(name), true);
  }

  private change(participant: Participant, connected: boolean): void {
    if (participant.connected === connected) return;
    participant.connected = connected;
    for (const listener of participant.listeners) listener(connected);
  }

  private participant(name: string): Participant {
    const participant = this.participants.get(name) ?? { name, connected: true, listeners: [] };
    this.participants.set(name, participant);
    return participant;
  }

  private subscribe(
    owner: Participant,
    subject: string,
    onMessage: (message: BusMessage) => void,
    queue: string | undefined,
  ): BusSubscription {
    const interest: Interest = {
      owner,
      subject,
      queue,
      onMessage,
      matches: matchSubject(subject),
      stopped: false,
    };
    const peers = /[*>]/.test(subject) ? this.onPatterns : (this.bySubject.get(subject) ?? new Set());
    if (peers !== this.onPatterns) this.bySubject.set(subject, peers);
    peers.add(interest);
    return {
      stop: () => {
        interest.stopped = true;
        peers.delete(interest);
        if (peers !== this.onPatterns && peers.size === 0) this.bySubject.delete(subject);
      },
    };
  }

  private request(
    owner: Participant,
    subject: string,
    data: Uint8Array,
    timeoutMs: number,
  ): Promise<BusMessage> {
    return new Promise((resolve, reject) => {
      const reply = this.nextInbox();
      const finish = () => {
        timer.cancel();
        answers.stop();
      };
      const timer = this.options.clock.schedule(timeoutMs, () => {
        finish();
        reject(new NoAnswerError(subject, 'timed out'));
      });
      const answers = this.subscribe(
        owner,
        reply,
        (message) => {
          finish();
          resolve(message);
        },
        undefined,
      );
      if (this.route(owner, toMessage(subject, data, reply)) === 0) {
        finish();
        reject(new NoAnswerError(subject, 'nobody listens'));
      }
    });
  }

  /** How many listen; undefined when the sender is cut off, and can't know. */
  private route(from: Participant, message: BusMessage): number | undefined {
    checkSubject(message.subject);
    if (!from.connected) return undefined;
    const receivers = this.receiversOf(message.subject);
    for (const receiver of receivers) {
      const { owner } = receiver;
      if (this.options.drop?.(from.name, owner.name, message)) continue;
      this.deliver(owner.name, () => {
        if (!receiver.stopped && owner.connected) receiver.onMessage(message);
      });
    }
    return receivers.length;
  }

  private receiversOf(subject: string): Interest[] {
    const receivers: Interest[] = [];
    const queues = new Map<string, Interest[]>();
    for (const interest of [...(this.bySubject.get(subject) ?? []), ...this.onPatterns]) {
      if (!interest.owner.connected || !interest.matches(subject)) continue;
      if (interest.queue === undefined) {
        receivers.push(interest);
        continue;
      }
      const key = `${interest.queue} ${interest.subject}`;
      queues.set(key, [...(queues.get(key) ?? []), interest]);
    }
    for (const [key, members] of queues) {
      const turn = this.turns.get(key) ?? 0;
      this.turns.set(key, turn + 1);
      const chosen = members[turn % members.length];
      if (chosen !== undefined) receivers.push(chosen);
    }
    return receivers;
  }

  private deliver(client: string, run: () => void): void {
    if (this.options.deliver === undefined) queueMicrotask(run);
    else this.options.deliver(client, run);
  }

  private nextInbox(): string {
    this.inboxes += 1;
    return `_INBOX.${this.inboxes}`;
  }
}

function toMessage(subject: string, data: Uint8Array, reply: string | undefined): BusMessage {
  return isReplySubject(reply) ? { subject, data, reply } : { subject, data };
}
