// The bus on a NATS connection. What is published while the connection is down is lost, as the port says. An error
// thrown by a listener is told outside the client, where it would end the reading of the connection.
import { createInbox, errors, type Msg, type NatsConnection } from '@nats-io/nats-core';
import type { Bus, BusMessage, BusSubscription } from './bus.ts';
import { NoAnswerError } from './bus-errors.ts';
import { isReplySubject } from './reply-subject.ts';

export class NatsBus implements Bus {
  private readonly listeners: ((connected: boolean) => void)[] = [];
  private connected: boolean;

  /** `onError` is told what a listener met: the message is lost. Without it, it is thrown where nobody catches it. */
  constructor(
    private readonly nc: NatsConnection,
    private readonly onError: (error: Error, subject: string) => void = throwOutside,
  ) {
    this.connected = !nc.isClosed();
    this.watchConnection().catch((error: Error) => this.onError(error, 'the state of the connection'));
  }

  publish(subject: string, data: Uint8Array, options: { readonly reply?: string } = {}): void {
    if (this.nc.isClosed() || this.nc.isDraining()) return;
    this.nc.publish(subject, data, { ...options });
  }

  subscribe(
    subject: string,
    onMessage: (message: BusMessage) => void,
    options: { readonly queue?: string } = {},
  ): BusSubscription {
    const subscription = this.nc.subscribe(subject, {
      ...options,
      callback: (error, message) => {
        try {
          if (error !== null) throw error;
          onMessage(messageOf(message));
        } catch (thrown) {
          this.onError(thrown as Error, subject);
        }
      },
    });
    return { stop: () => subscription.unsubscribe() };
  }

  async request(
    subject: string,
    data: Uint8Array,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<BusMessage> {
    try {
      return messageOf(await this.nc.request(subject, data, { timeout: timeoutMs }));
    } catch (error) {
      throw noAnswer(subject, error);
    }
  }

  inbox(): string {
    // The prefix is pinned where permissions ask for it, and the client keeps it to itself.
    return createInbox((this.nc as { options?: { inboxPrefix?: string } }).options?.inboxPrefix);
  }

  onConnection(listener: (connected: boolean) => void): void {
    this.listeners.push(listener);
    listener(this.connected);
  }

  private async watchConnection(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === 'reconnect') this.changeConnected(true);
      if (type === 'disconnect' || type === 'close') this.changeConnected(false);
    }
  }

  private changeConnected(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    for (const listener of this.listeners) listener(connected);
  }
}

function messageOf({ subject, data, reply }: Msg): BusMessage {
  return isReplySubject(reply) ? { subject, data, reply } : { subject, data };
}

function noAnswer(subject: string, error: unknown): unknown {
  if (error instanceof errors.TimeoutError) return new NoAnswerError(subject, 'timed out', { cause: error });
  if (error instanceof errors.ClosedConnectionError) {
    return new NoAnswerError(subject, 'not connected', { cause: error });
  }
  if (!(error instanceof errors.RequestError)) return error;
  if (error.cause instanceof errors.PermissionViolationError) return error.cause;
  return new NoAnswerError(subject, error.isNoResponders() ? 'nobody listens' : 'not connected', {
    cause: error,
  });
}

function throwOutside(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
