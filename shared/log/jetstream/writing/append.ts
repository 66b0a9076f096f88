// One record into a stream, under compare-and-set, however long the server is away (within reason).
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors, type NatsConnection, nuid } from '@nats-io/nats-core';
import { LogRefusedError, LogUnavailableError, RecordTooLargeError } from '../../errors.ts';
import type { AppendResult } from '../../log.ts';
import { lookBehind } from '../server/stuck-store.ts';
import { publisherOf } from './publisher.ts';
import { isPassing, retrying } from './retrying.ts';
import { explainNoRoom, isNoRoom, noteRefused, noteStored } from './write-stats.ts';

/** One try. Too short a time makes a busy server busier. */
const ATTEMPT_MS = 3000;
/** What expects a sequence is stored once however often it is tried: it need not wait out a server that has died. */
const GUARDED_ATTEMPT_MS = 1000;
/** NATS' default. The expectation and the time to live travel as headers, which count. */
const USUAL_MAX_PAYLOAD = 1024 * 1024;
const HEADER_BYTES = 128;

export interface Publication {
  /** The one that has the subject. */
  readonly stream: string;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly expectLastSeq?: number | undefined;
  readonly id?: string | undefined;
  readonly ttlMs?: number | undefined;
  /** How long to go on trying. */
  readonly forMs: number;
}

export async function appendToStream(
  nc: NatsConnection,
  { stream, subject, data, expectLastSeq, id, ttlMs, forMs }: Publication,
): Promise<AppendResult> {
  // What expects nothing would be stored by each try that only lost its answer.
  const msgId = id ?? (expectLastSeq === undefined ? nuid.next() : undefined);
  const attempt = async (leftMs: number) => {
    checkSize(subject, data, measureRoom(nc));
    const timeoutMs = Math.min(expectLastSeq === undefined ? ATTEMPT_MS : GUARDED_ATTEMPT_MS, leftMs);
    try {
      const stored = await publisherOf(nc).publish(subject, data, { expectLastSeq, ttlMs, msgId, timeoutMs });
      noteStored(nc, stream);
      return stored;
    } catch (error) {
      if (isNoRoom(error)) noteRefused(nc, stream, explainNoRoom(error), true);
      throw error;
    }
  };
  // As a rule the first try will do, and costs no more than it must.
  const startedAt = performance.now();
  const what = `append to ${subject}`;
  try {
    const { seq, duplicate } = await attempt(forMs).catch((error) => {
      if (!isPassing(error) && !nc.isClosed()) throw error;
      const leftMs = Math.max(0, forMs - (performance.now() - startedAt));
      return retrying(nc, { forMs: leftMs, triedMs: forMs - leftMs, what }, attempt);
    });
    // Without an id of the caller's, it was a try of our own.
    return { ok: true, seq, ...(id !== undefined && duplicate && { duplicate }) };
  } catch (thrown) {
    const isAway = thrown instanceof LogUnavailableError && !nc.isClosed();
    const error = isAway ? await lookBehind(thrown, { nc, stream, what }) : thrown;
    if (isAway) noteRefused(nc, stream, (error as Error).message, (error as LogUnavailableError).isFull);
    if (expectLastSeq !== undefined && isConflict(error)) {
      return { ok: false, expected: expectLastSeq, actual: actualSeq(error) };
    }
    if (isUnheard(error)) {
      throw new LogUnavailableError(
        `can't know whether the record for ${subject} is stored: ${error.message} (it is where the acknowledgement comes)`,
        { cause: error },
      );
    }
    if (error instanceof JetStreamApiError || error instanceof errors.RequestError) {
      throw new LogRefusedError(`the log refused the record for ${subject}: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** What the server that we are connected to takes in one record. */
export function measureRoom({ info }: NatsConnection): number {
  return (info?.max_payload ?? USUAL_MAX_PAYLOAD) - HEADER_BYTES;
}

/** A server drops the whole connection over a message that is too large, so it must never be sent. */
function checkSize(subject: string, data: Uint8Array, limit: number): void {
  if (data.length > limit) throw new RecordTooLargeError(subject, data.length, limit);
}

/** We may send, and may not receive the acknowledgement. */
function isUnheard(error: unknown): error is Error {
  if (!(error instanceof errors.RequestError)) return false;
  const { cause } = error;
  return cause instanceof errors.PermissionViolationError && cause.operation === 'subscription';
}

function isConflict(error: unknown): error is JetStreamApiError {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

/** "wrong last sequence: 17"; a cluster's leader may leave the number out. */
function actualSeq(error: JetStreamApiError): number | undefined {
  const digits = /wrong last sequence: (\d+)/.exec(error.message)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
