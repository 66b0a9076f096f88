// What happened to the followers of a stream on one connection, counted. Written by the followers, read by whoever
// measures; nothing depends on it.
import type { NatsConnection } from '@nats-io/nats-core';

export interface ConsumerStats {
  readonly stream: string;
  /** Another session was needed: something was lost, or nothing was heard. */
  restarts: number;
  /** The session is being opened again: what is stored meanwhile comes later. */
  interrupted: boolean;
  /** Questions of the server whether we keep up, which we answered. */
  flowControls: number;
  /** Times the server had stopped sending, because an answer of ours was missing: a slow consumer. */
  stalls: number;
  /** Records still to come, as the last one said. */
  pending: number;
  /** For how long something has been in the stream that has not come yet, in ms; 0 where nobody asks for its end. */
  measureLateMs: () => number;
  /** The stream's leader owes an answer, for longer than it takes as a rule. */
  isSilent: boolean;
}

const statsByConnection = new WeakMap<NatsConnection, Map<string, ConsumerStats>>();

export function countConsumer(nc: NatsConnection, stream: string): ConsumerStats {
  const byStream = statsByConnection.get(nc) ?? new Map<string, ConsumerStats>();
  statsByConnection.set(nc, byStream);
  let stats = byStream.get(stream);
  if (stats === undefined) {
    stats = startConsumerStats(stream);
    byStream.set(stream, stats);
  }
  return stats;
}

/** Of a reader that nobody measures. */
export function startConsumerStats(stream: string): ConsumerStats {
  return {
    stream,
    restarts: 0,
    interrupted: false,
    flowControls: 0,
    stalls: 0,
    pending: 0,
    measureLateMs: () => 0,
    isSilent: false,
  };
}

/** One for each stream that was ever followed on this connection. */
export function listConsumerStats(nc: NatsConnection): readonly Readonly<ConsumerStats>[] {
  return [...(statsByConnection.get(nc)?.values() ?? [])];
}
