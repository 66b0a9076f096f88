// One record by its sequence. Only the stream's leader answers, so that what it says is what the stream holds.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { LogRecord } from '../../log.ts';

/** Undefined when the stream has none there. */
export async function findRecord(
  jsm: JetStreamManager,
  stream: string,
  wanted: number,
): Promise<LogRecord | undefined> {
  const found = await jsm.streams.getMessage(stream, { seq: wanted });
  if (found === null) return undefined;
  const { seq, subject, time, data } = found;
  return { seq, subject, time: time.getTime(), data };
}
