// Whether the leader of a stream owes an answer: the first that shows of a server that is cut off from the others. Whoever asks
// regularly notes it; whoever can do something about it is told at once.
import type { NatsConnection } from '@nats-io/nats-core';
import type { ConsumerStats } from './consumer-stats.ts';

/** It answers within milliseconds, as a rule. */
const ANSWERED_WITHIN_MS = 400;

const listenersByConnection = new WeakMap<NatsConnection, Set<() => void>>();

/** Calls back whenever one falls silent; returns what ends it. */
export function listenForSilence(nc: NatsConnection, listener: () => void): () => void {
  const listeners = listenersByConnection.get(nc) ?? new Set();
  listenersByConnection.set(nc, listeners);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export class Silence {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly nc: NatsConnection,
    private readonly stats: ConsumerStats,
  ) {}

  /** A question that follows one without an answer changes nothing. */
  noteAsked(): void {
    this.timer ??= setTimeout(() => {
      this.stats.isSilent = true;
      for (const listener of listenersByConnection.get(this.nc) ?? []) listener();
    }, ANSWERED_WITHIN_MS);
  }

  /** Or nobody asks any more. */
  noteAnswered(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.stats.isSilent = false;
  }
}
