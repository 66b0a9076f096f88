// How the store is, without making or changing anything: each stream, the servers that hold it, and how full it is.
import { jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { StreamMismatch } from '../errors.ts';
import { ANSWER_MS, answerWithin, retrying } from './retrying.ts';
import { compareStream, findStream, wantedStreams } from './streams.ts';

export interface StreamReport {
  readonly name: string;
  /** Undefined when there is no such stream. */
  readonly mismatches: readonly StreamMismatch[] | undefined;
  readonly bytes: number;
  /** What it may hold; undefined for no limit of its own. */
  readonly maxBytes: number | undefined;
  /** The servers that hold it beside the one that leads; none where there is one copy. */
  readonly followers: readonly ServerReport[];
}

export interface ServerReport {
  readonly name: string;
  readonly isOffline: boolean;
  /** Records that it is still to be given. */
  readonly lag: number;
}

export interface StoreReport {
  readonly streams: readonly StreamReport[];
  /** Of the account, in files. */
  readonly bytes: number;
  readonly maxBytes: number | undefined;
}

/** Enough for an election. */
const INSPECTION_MS = 8_000;

/** Throws `LogUnavailableError`. */
export async function inspectStore(nc: NatsConnection): Promise<StoreReport> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const ask = <Answer>(what: string, question: () => Promise<Answer>) =>
    retrying(nc, { forMs: INSPECTION_MS, what }, () => answerWithin(ANSWER_MS, question()));
  const reports: StreamReport[] = [];
  for (const wanted of wantedStreams) {
    const found = await ask(`ask for the stream ${wanted.name}`, () => findStream(jsm, wanted.name));
    reports.push({
      name: wanted.name,
      mismatches: found && compareStream(wanted, found.config),
      bytes: found?.state.bytes ?? 0,
      maxBytes: limitOf(found?.config.max_bytes),
      followers: found === undefined ? [] : describeFollowers(found),
    });
  }
  // Who may ask for streams may not be allowed to ask for the account: then it is what the streams hold.
  const account = await ask('ask for the account', () => jsm.getAccountInfo()).catch(() => undefined);
  const held = reports.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    streams: reports,
    bytes: account?.storage ?? held,
    maxBytes: limitOf(account?.limits.max_storage),
  };
}

/** A server says -1 for none, and of an account with tiers 0. */
function limitOf(bytes: number | undefined): number | undefined {
  return bytes !== undefined && bytes > 0 ? bytes : undefined;
}

function describeFollowers({ cluster }: StreamInfo): ServerReport[] {
  return (cluster?.replicas ?? []).map(({ name, offline = false, lag = 0 }) => ({
    name,
    isOffline: offline,
    lag,
  }));
}
