// Tells when a connection has been lost, is back, or is closed for good. One reader of the client's status for each
// connection, however many listen.
import type { NatsConnection } from '@nats-io/nats-core';

export interface ConnectionListener {
  onDisconnect?(): void;
  onReconnect?(): void;
  onClosed?(): void;
  /** What the server complains about, such as a subject that may not be published on. */
  onError?(error: Error): void;
}

const listenersByConnection = new WeakMap<NatsConnection, Set<ConnectionListener>>();

export function listenToConnection(nc: NatsConnection, listener: ConnectionListener): () => void {
  let listeners = listenersByConnection.get(nc);
  if (listeners === undefined) {
    listeners = new Set();
    listenersByConnection.set(nc, listeners);
    readStatus(nc, listeners).catch(throwOutside);
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A listener of ours that fails is a bug, which must not pass for a connection that was closed. */
function throwOutside(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

async function readStatus(nc: NatsConnection, listeners: ReadonlySet<ConnectionListener>): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === 'disconnect') for (const listener of [...listeners]) listener.onDisconnect?.();
    if (status.type === 'reconnect') for (const listener of [...listeners]) listener.onReconnect?.();
    if (status.type === 'error') for (const listener of [...listeners]) listener.onError?.(status.error);
  }
  for (const listener of [...listeners]) listener.onClosed?.();
}
