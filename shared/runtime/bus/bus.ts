// Core NATS as a port: what may be lost (heartbeats, container output, queries). Two adapters: nats-bus, memory-bus.

export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Where an answer goes, when one is wanted: an inbox, and never a subject of the cluster's own. */
  readonly reply?: string;
}

export interface BusSubscription {
  stop(): void;
}

export interface Bus {
  publish(subject: string, data: Uint8Array, options?: { readonly reply?: string }): void;
  /** Subjects may hold NATS wildcards. With `queue`, one member of the queue gets each message. */
  subscribe(
    subject: string,
    onMessage: (message: BusMessage) => void,
    options?: { readonly queue?: string },
  ): BusSubscription;
  /** The first answer. Rejects with `NoAnswerError` after `timeoutMs`, or at once when nobody listens. */
  request(subject: string, data: Uint8Array, options: { readonly timeoutMs: number }): Promise<BusMessage>;
  /** A subject that only this client listens on, for answers in many parts. */
  inbox(): string;
  /** Called at once with whether the connection is up, then with true or false whenever that changes. */
  onConnection(listener: (connected: boolean) => void): void;
}
