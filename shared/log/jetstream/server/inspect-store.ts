// How the store is, without making or changing anything: each stream, the servers that hold it, and how full it is.
import { jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { StreamMismatch } from '../../errors.ts';
import { isLeaderless } from '../reading/read-check.ts';
import { ANSWER_MS, answerWithin, pause, retrying } from '../writing/retrying.ts';
import { compareStream, findStream, wantedStreams } from './streams.ts';

export interface StreamReport {
  readonly name: string;
  /** Undefined when there is no such stream. */
  readonly mismatches: readonly StreamMismatch[] | undefined;
  readonly bytes: number;
  /** What it may hold; undefined for no limit of its own. */
  readonly maxBytes: number | undefined;
  /** Several servers hold it, and none of them leads: what is told is what one of them has, and may be old. */
  readonly isLeaderless: boolean;
  /** The servers that hold it beside the one that leads; none where there is one copy. */
  readonly followers: readonly ServerReport[];
}

export interface ServerReport {
  readonly name: string;
  readonly isOffline: boolean;
  /** Records that it is still to be given. */
  readonly lag: number;
  /** Since when it has said nothing, in ms, where it is not level with the leader. */
  readonly silentMs: number | undefined;
}

export interface StoreReport {
  readonly streams: readonly StreamReport[];
  /** Of the account, in files. */
  readonly bytes: number;
  readonly maxBytes: number | undefined;
}

/** Enough for an election. */
const INSPECTION_MS = 8_000;
/** One that has no leader for so long is not in the middle of an election, as a rule. */
const LEADER_PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 500;
const NANOS_PER_MS = 1_000_000;

/** Throws `LogUnavailableError`. */
export async function inspectStore(nc: NatsConnection): Promise<StoreReport> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const ask = <Answer>(what: string, question: () => Promise<Answer>) =>
    retrying(nc, { forMs: INSPECTION_MS, what }, () => answerWithin(ANSWER_MS, question()));
  const reports: StreamReport[] = [];
  const find = (name: string) => ask(`ask for the stream ${name}`, () => findStream(jsm, name));
  const giveUpAt = performance.now() + LEADER_PATIENCE_MS;
  for (const wanted of wantedStreams) {
    let found = await find(wanted.name);
    while (found !== undefined && isLeaderless(found) && performance.now() < giveUpAt) {
      await pause(LOOK_AGAIN_MS);
      found = await find(wanted.name);
    }
    reports.push({
      name: wanted.name,
      mismatches: found && compareStream(wanted, found.config),
      bytes: found?.state.bytes ?? 0,
      maxBytes: limitOf(found?.config.max_bytes),
      isLeaderless: found !== undefined && isLeaderless(found),
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

/** Says since nats-server 2.12 when it began to lead, and what time it is there. */
type Led = StreamInfo & { ts?: string; cluster?: { leader_since?: string } };

function describeFollowers(info: StreamInfo): ServerReport[] {
  return (info.cluster?.replicas ?? []).map(({ name, offline = false, lag = 0, current, active }) => ({
    name,
    isOffline: offline,
    lag,
    // Who leads knows nothing from before it led: one that it has never heard from says 0.
    silentMs: current ? undefined : active > 0 ? active / NANOS_PER_MS : countLedMs(info),
  }));
}

function countLedMs({ ts, cluster }: Led): number {
  const ledMs = Date.parse(ts ?? '') - Date.parse(cluster?.leader_since ?? '');
  return Number.isNaN(ledMs) ? 0 : ledMs;
}
