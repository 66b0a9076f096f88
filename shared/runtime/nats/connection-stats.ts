// What happens to a connection to NATS, counted as the client tells it.
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

const SLOW = /slow consumer/i;

/** Returns what reads the counts; counting ends with the connection. */
export function watchConnection(nc: NatsConnection): () => ConnectionStats {
  const counts = { disconnects: 0, reconnects: 0, slowConsumers: 0, errors: 0 };
  let connected = !nc.isClosed();

  async function watch(): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') {
        connected = false;
        counts.disconnects += 1;
      } else if (status.type === 'reconnect') {
        connected = true;
        counts.reconnects += 1;
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
