// One of three servers gets so little of its processor that it stays far behind the two others, though it answers.
import { setTimeout as delay } from 'node:timers/promises';
import { connectNats, type NatsCluster, type NatsServerProcess, startNatsCluster } from '@muster/runtime';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterEach, expect, it } from 'vitest';
import { JetStreamLog } from '../log.ts';
import { ensureStreams, LOG_STREAM } from '../server/streams.ts';

const SUBJECT = 'muster.event.orchestrator.service.x';
/** What nobody writes: who follows that is given nothing, and is put somewhere as everybody is. */
const QUIET = 'muster.event.orchestrator.service.y';
const FOLLOWERS = 10;
const MOST_TRIES = 20;
/** So many were put there at first: not looking, they would stay. */
const ENOUGH = 4;
/** One in hundreds ends there all the same, as somewhere it must be. */
const MOST_MISPLACED = 1;
/** More than this is far behind. */
const LAG = 500;
const [RUN_MS, REST_MS] = [5, 200];
/** A server catches up by two megabytes at a time: little more than two hundred of these, each time that it runs. */
const RECORD = new Uint8Array(8_000);
const BACKLOG = 1_500;

/** An answer is waited for a little longer. */
const IN_TIME_MS = 1_200;

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of clean.splice(0).reverse()) await end();
});

it('is given no consumer while others are level', { timeout: 120_000 }, async () => {
  const servers = await startNatsCluster({ size: 3 });
  clean.push(() => servers.stop());
  const { leader, slow } = await lead(servers);
  const name = `n${slow + 1}`;
  const nc = await connectNats(servers.servers[leader]!.url, { name: 'test' });
  clean.push(() => nc.close());
  const log = new JetStreamLog(nc);
  const jsm = await jetstreamManager(nc);
  const offers = overhear(nc);

  await servers.servers[slow]!.kill('SIGSTOP');
  for (let left = BACKLOG; left > 0; left -= 1) await log.append(SUBJECT, RECORD);
  const ends = [holdBack(servers.servers[slow]!), keepWriting(log)];
  try {
    let [offered, misplaced] = [0, 0];
    for (let tries = 0; offered < ENOUGH; tries += 1) {
      if (tries === MOST_TRIES) throw new Error('it comes up with the others, or is hardly a choice');
      offers.length = 0;
      const errors: Error[] = [];
      const follow = () =>
        log.follow({
          from: 1,
          subjects: [QUIET],
          onRecord: () => {},
          onError: (error) => errors.push(error),
        });
      const followings = await Promise.all(Array.from({ length: FOLLOWERS }, follow));
      const places = await findPlaces(jsm);
      expect(errors).toEqual([]);
      // One more is one that is given up, and not gone yet.
      if (places.length === FOLLOWERS && (await measureLag(jsm, name)) > LAG) {
        offered += count(offers, name);
        misplaced += count(places, name);
      }
      await Promise.all(followings.map((following) => following.stop()));
    }
    expect(misplaced).toBeLessThanOrEqual(MOST_MISPLACED);
  } finally {
    for (const end of ends) await end();
  }
  await log.close();
});

/** The server that each consumer was put on, when that was answered in time. */
function overhear(nc: NatsConnection): string[] {
  const offers: string[] = [];
  const asked = new Map<string, number>();
  nc.subscribe(`$JS.API.CONSUMER.CREATE.${LOG_STREAM}.>`, {
    callback: (_, { reply }) => void asked.set(reply!, performance.now()),
  });
  nc.subscribe('_INBOX.>', {
    callback(_, message) {
      const at = asked.get(message.subject);
      if (at === undefined || performance.now() - at > IN_TIME_MS) return;
      const { cluster } = message.json<{ cluster?: { leader: string } }>();
      if (cluster !== undefined) offers.push(cluster.leader);
    },
  });
  return offers;
}

/**
 * Makes the log's stream. The server that leads it is not the one that puts consumers somewhere, which would know itself who
 * is behind in the stream; the slow one leads nothing.
 */
async function lead(servers: NatsCluster): Promise<{ leader: number; slow: number }> {
  const nc = await connectNats(servers.url, { name: 'test' });
  await ensureStreams(nc, { replicas: 3 });
  try {
    for (;;) {
      const [leader, meta] = [await servers.leaderOf(LOG_STREAM), await servers.metaLeader()];
      if (leader !== undefined && meta !== undefined && leader !== meta)
        return { leader, slow: 3 - leader - meta };
      if (leader !== undefined && leader === meta)
        await nc.request(`$JS.API.STREAM.LEADER.STEPDOWN.${LOG_STREAM}`, undefined, { timeout: 5_000 });
      await delay(100); // servers tell nobody
    }
  } finally {
    await nc.close();
  }
}

/** Lets it run for a moment now and then, until that is ended. */
function holdBack(server: NatsServerProcess): () => Promise<void> {
  let holding = true;
  const held = (async () => {
    while (holding) {
      await server.kill('SIGCONT');
      await delay(RUN_MS);
      await server.kill('SIGSTOP');
      await delay(REST_MS);
    }
    await server.kill('SIGCONT');
  })();
  return () => {
    holding = false;
    return held;
  };
}

function keepWriting(log: JetStreamLog): () => Promise<void> {
  let writing = true;
  const written = (async () => {
    while (writing) await log.append(SUBJECT, RECORD);
  })();
  return () => {
    writing = false;
    return written;
  };
}

/** The servers of those who follow. */
async function findPlaces(jsm: JetStreamManager): Promise<(string | undefined)[]> {
  const places: (string | undefined)[] = [];
  for await (const { cluster } of jsm.consumers.list(LOG_STREAM)) places.push(cluster?.leader);
  return places;
}

const count = (places: readonly (string | undefined)[], name: string) =>
  places.filter((place) => place === name).length;

async function measureLag(jsm: JetStreamManager, name: string): Promise<number> {
  const { cluster } = await jsm.streams.info(LOG_STREAM);
  return cluster?.replicas?.find((replica) => replica.name === name)?.lag ?? 0;
}
