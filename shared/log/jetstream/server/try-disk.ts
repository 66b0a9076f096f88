// Whether the disk below the log takes anything, found out with nothing stored in any stream: one that could not store would
// store nothing any more until its server is started again. A consumer is a file too, and where it can't be made nothing else
// is the matter with the server. Only where one server is all there is: of several, one that can't make it turns its
// JetStream off, so that asking would do what it asks about.
import { AckPolicy, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos, nuid } from '@nats-io/nats-core';
import { ANSWER_MS, answerWithin } from '../writing/retrying.ts';
import { LOG_STREAM } from './streams.ts';

/** It is deleted at once; when we are killed first, the server does that. */
const GONE_AFTER_MS = 1_000;
const NOT_STORED = new Set([10012, 10104]);

/** What the server says against it; undefined where it says nothing, or can't be asked. */
export async function tryDisk(nc: NatsConnection): Promise<string | undefined> {
  if (nc.info === undefined || nc.info.cluster !== undefined) return undefined;
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const name = `look-${nuid.next()}`;
  const config = {
    name,
    ack_policy: AckPolicy.Explicit,
    mem_storage: false,
    inactive_threshold: nanos(GONE_AFTER_MS),
  };
  try {
    await answerWithin(ANSWER_MS, jsm.consumers.add(LOG_STREAM, config));
    await answerWithin(ANSWER_MS, jsm.consumers.delete(LOG_STREAM, name));
    return undefined;
  } catch (error) {
    return error instanceof JetStreamApiError && NOT_STORED.has(error.code) ? error.message : undefined;
  }
}
