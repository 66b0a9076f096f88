// Whether whoever leads a stream answers over a connection: a server that is cut off from the others answers many things, but
// this only from its own copy, which may be old.
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { isLeaderless } from '../reading/read-check.ts';
import { ANSWER_MS, answerWithin } from '../writing/retrying.ts';

export interface LeaderPatience {
  readonly withinMs?: number;
  /** How lately it must have heard from most of the others. */
  readonly heardWithinMs?: number;
}

export async function hasLeader(
  nc: NatsConnection,
  stream: string,
  { withinMs = ANSWER_MS, heardWithinMs }: LeaderPatience = {},
): Promise<boolean> {
  try {
    const jsm = await jetstreamManager(nc, { checkAPI: false });
    const info = await answerWithin(withinMs, jsm.streams.info(stream));
    return !isLeaderless(info, heardWithinMs);
  } catch {
    return false;
  }
}
