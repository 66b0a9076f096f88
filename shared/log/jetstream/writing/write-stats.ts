// Whether a stream takes what is written into it, by connection: written where records are appended, read by whoever
// measures, told to whoever says so. A store that is full refuses everything, and who only waits is not seen to.
import { JetStreamApiError } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { listenToConnection } from '../server/connection-events.ts';

export interface WriteStats {
  readonly stream: string;
  /** Why it takes nothing, as far as is known here. */
  refusing: string | undefined;
  /** What it refuses it refuses everybody: it has no room, or its server has stopped storing. */
  full: boolean;
  /** Records that it refused for want of room, counted at each try. */
  noRoom: number;
}

export interface WriteListener {
  /** `noRoom`: it answers, and has none; otherwise it did not answer, which passes by itself. */
  onRefusing(stream: string, why: string, noRoom: boolean): void;
  onTaking(stream: string): void;
}

/** Nobody may have anything to write any more, as another was faster: what is not refused for so long is believed to be taken. */
const QUIET_MS = 15_000;

/** Of nats-server: of the server, of an account, of its storage, of a stream. */
const RESOURCES = new Set([10_002, 10_023, 10_028, 10_047]);
const STORE_FAILED = 10_077;

export function isNoRoom(error: unknown): error is JetStreamApiError {
  if (!(error instanceof JetStreamApiError)) return false;
  return RESOURCES.has(error.code) || (error.code === STORE_FAILED && /^maximum /.test(error.message));
}

/** What a person can do something about. */
export function explainNoRoom(error: JetStreamApiError): string {
  return `NATS has no room for it (${error.message}): free some, or raise the limits of its JetStream`;
}

interface Writes {
  readonly byStream: Map<string, WriteStats>;
  readonly timers: Map<string, NodeJS.Timeout>;
  listener: WriteListener | undefined;
}

const writesByConnection = new WeakMap<NatsConnection, Writes>();

function writesOf(nc: NatsConnection): Writes {
  let writes = writesByConnection.get(nc);
  if (writes === undefined) {
    writes = { byStream: new Map(), timers: new Map(), listener: undefined };
    writesByConnection.set(nc, writes);
    // What was refused because nobody answered says nothing about the server that does now.
    listenToConnection(nc, { onReconnect: () => takeAll(nc), onClosed: () => takeAll(nc) });
  }
  return writes;
}

function startStats(stream: string): WriteStats {
  return { stream, refusing: undefined, full: false, noRoom: 0 };
}

/** One of each connection. */
export function listenToWrites(nc: NatsConnection, listener: WriteListener): void {
  writesOf(nc).listener = listener;
}

export function listWriteStats(nc: NatsConnection): readonly Readonly<WriteStats>[] {
  return [...(writesByConnection.get(nc)?.byStream.values() ?? [])];
}

export function noteStored(nc: NatsConnection, stream: string): void {
  const { byStream } = writesOf(nc);
  const stats = byStream.get(stream);
  if (stats === undefined) byStream.set(stream, startStats(stream));
  else if (stats.refusing !== undefined) take(nc, stats);
}

export function noteRefused(nc: NatsConnection, stream: string, why: string, noRoom = false): void {
  const { byStream, timers, listener } = writesOf(nc);
  const stats = byStream.get(stream) ?? startStats(stream);
  byStream.set(stream, stats);
  if (noRoom) stats.noRoom += 1;
  const isNew = stats.refusing === undefined;
  stats.refusing = why;
  stats.full = noRoom;
  clearTimeout(timers.get(stream));
  timers.set(stream, setTimeout(() => take(nc, stats), QUIET_MS).unref());
  if (isNew) listener?.onRefusing(stream, why, noRoom);
}

function take(nc: NatsConnection, stats: WriteStats): void {
  const { timers, listener } = writesOf(nc);
  clearTimeout(timers.get(stats.stream));
  timers.delete(stats.stream);
  if (stats.refusing === undefined) return;
  stats.refusing = undefined;
  stats.full = false;
  if (!nc.isClosed()) listener?.onTaking(stats.stream);
}

function takeAll(nc: NatsConnection): void {
  for (const stats of writesOf(nc).byStream.values()) take(nc, stats);
}
