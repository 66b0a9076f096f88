// Leaves a server over which what is followed is not seen any more, as its way to the others is cut, for one over which it is.
// Another consumer does not help there: whichever server it is on, what it sends comes by way of ours. Nobody moves on a
// guess: the other server is asked first, and where no server sees it, as in an election, everybody stays.
import { hasLeader, listConsumerStats, listenForSilence } from '@muster/log';
import type { NatsConnection } from '@nats-io/transport-node';

const LOOK_EVERY_MS = { well: 1_000, blind: 200 };
/** Who leads, and is itself cut off, has heard of no other for longer by the time that it is missed. */
const SEEN = { withinMs: 500, heardWithinMs: 1_700 };
/** Between two moves, at first: each costs all that goes over the connection a moment. */
const PAUSE_MS = { first: 5_000, longest: 60_000 };
/** One that has seen all for so long may move as readily as at first. */
const WELL_AFTER_MS = 30_000;
/** The others are asked again after so long, and later less often: a part of the time for which nothing has been seen. */
const ASK_AGAIN = { leastMs: 500, mostMs: 15_000, part: 0.1 };
/** One of the others, by chance, is asked so much before the next. */
const STAGGER_MS = 200;

export interface BetterSeatOptions {
  /** A connection of its own to that server. */
  readonly connectTo: (address: string) => Promise<NatsConnection>;
  readonly move: (address: string) => void;
}

/** Returns what ends it. */
export function findBetterSeat(nc: NatsConnection, { connectTo, move }: BetterSeatOptions): () => void {
  /** A server that is cut off has the client forget the others. */
  let known = listAddresses(nc);
  let restUntil = 0;
  let blindSince: number | undefined;
  let movedAt = Number.NEGATIVE_INFINITY;
  let pauseMs = PAUSE_MS.first;
  let looking = false;
  let timer: NodeJS.Timeout | undefined;
  const stopListening = listenForSilence(nc, look);
  const ending = new AbortController();
  look();

  function look(): void {
    if (looking || ending.signal.aborted) return;
    looking = true;
    clearTimeout(timer);
    judge().then(lookAgain, lookAgain);
  }

  function lookAgain(): void {
    looking = false;
    if (ending.signal.aborted) return;
    timer = setTimeout(look, blindSince === undefined ? LOOK_EVERY_MS.well : LOOK_EVERY_MS.blind).unref();
  }

  async function judge(): Promise<void> {
    const now = performance.now();
    const unseen = listUnseen(nc);
    if (unseen.length === 0) {
      blindSince = undefined;
      known = listAddresses(nc);
      if (now - movedAt > WELL_AFTER_MS) pauseMs = PAUSE_MS.first;
    } else {
      blindSince ??= now;
      if (now >= restUntil) await consider(unseen, now - blindSince);
    }
  }

  async function consider(unseen: readonly string[], blindMs: number): Promise<void> {
    // Where it is seen another consumer will do, wherever it is put.
    const better = (await sees(nc, unseen)) ? undefined : await findSeeing(unseen);
    const againMs = Math.max(ASK_AGAIN.leastMs, ASK_AGAIN.part * blindMs);
    restUntil = performance.now() + Math.min(againMs, ASK_AGAIN.mostMs);
    // It may have been found again meanwhile.
    if (ending.signal.aborted || better === undefined || listUnseen(nc).length === 0) return;
    movedAt = performance.now();
    restUntil = movedAt + pauseMs;
    pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest);
    const pool = listAddresses(nc);
    if (!pool.includes(better)) nc.setServers([...pool, better]);
    move(better);
  }

  async function findSeeing(unseen: readonly string[]): Promise<string | undefined> {
    const others = shuffle(known.filter((address) => !nc.getServer().endsWith(address)));
    let found: string | undefined;
    const asking = others.map(async (address, turn) => {
      await pause(turn * STAGGER_MS);
      if (found !== undefined || ending.signal.aborted) return;
      const other = await connectTo(address);
      const isSeen = await sees(other, unseen);
      if (isSeen) found ??= address;
      other.close().catch(() => undefined);
      if (!isSeen) throw new Error('nothing is seen from there either');
    });
    await Promise.any(asking).catch(() => undefined);
    return found;
  }

  return () => {
    ending.abort();
    stopListening();
    clearTimeout(timer);
  };
}

function listAddresses(nc: NatsConnection): string[] {
  return nc.getServers().map(({ listen }) => listen);
}

/** Streams that are followed over it, and are lost from sight, or whose leaders owe an answer. */
function listUnseen(nc: NatsConnection): string[] {
  return listConsumerStats(nc)
    .filter(({ interrupted, isSilent }) => interrupted || isSilent)
    .map(({ stream }) => stream);
}

async function sees(nc: NatsConnection, streams: readonly string[]): Promise<boolean> {
  const seen = await Promise.all(streams.map((stream) => hasLeader(nc, stream, SEEN)));
  return seen.every((isSeen) => isSeen);
}

function shuffle<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
