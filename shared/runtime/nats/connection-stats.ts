// What happens to a connection to NATS, counted as the client tells it, and told to whoever says so.
import type { NatsConnection } from '@nats-io/nats-core';

export interface ConnectionStats {
  readonly connected: boolean;
  readonly server: string;
  readonly disconnects: number;
  readonly reconnects: number;
  /** The server or the client found that this process doesn't keep up with what it is sent. */
  readonly slowConsumers: number;
  readonly errors: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** However often it is tried in between, each is told once. */
export interface ConnectionListener {
  /** `onPurpose`: left by ourselves, for another server. */
  onLost(server: string, onPurpose: boolean): void;
  onFound(server: string, afterMs: number): void;
}

const SLOW = /slow consumer/i;

/** Returns what reads the counts; counting ends with the connection. */
export function watchConnection(nc: NatsConnection, listener?: ConnectionListener): () => ConnectionStats {
  const counts = { disconnects: 0, reconnects: 0, slowConsumers: 0, errors: 0 };
  let connected = !nc.isClosed();
  let leaving = false;
  let lostAt = 0;

  function lose(server: string): void {
    connected = false;
    lostAt = performance.now();
    counts.disconnects += 1;
    listener?.onLost(server, leaving);
  }

  function find(server: string): void {
    connected = true;
    counts.reconnects += 1;
    listener?.onFound(server, performance.now() - lostAt);
  }

  async function watch(): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === 'forceReconnect') leaving = true;
      else if (status.type === 'disconnect') {
        // A try that gets as far as a connection is told of in the same way, and so is its part in a return.
        if (connected) lose(status.server);
        leaving = false;
      } else if (status.type === 'reconnect') {
        if (!connected) find(status.server);
      } else if (status.type === 'slowConsumer') {
        counts.slowConsumers += 1;
      } else if (status.type === 'error') {
        counts.errors += 1;
        if (SLOW.test(status.error.message)) counts.slowConsumers += 1;
      }
    }
    connected = false;
  }

  watch().catch(() => {
    connected = false;
  });
  return () => {
    const { inMsgs, outMsgs, inBytes, outBytes } = nc.stats();
    return {
      ...counts,
      connected: connected && !nc.isClosed(),
      server: nc.isClosed() ? '' : nc.getServer(),
      messagesIn: inMsgs,
      messagesOut: outMsgs,
      bytesIn: inBytes,
      bytesOut: outBytes,
    };
  };
}
