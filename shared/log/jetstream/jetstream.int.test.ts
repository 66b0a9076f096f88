import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectNats, type NatsServerProcess, startNatsCluster, startNatsServer } from '@muster/runtime';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeCommandsContract } from '../commands.contract.ts';
import { describeEndpointsContract } from '../endpoints.contract.ts';
import {
  LogGapError,
  LogGoneError,
  LogRefusedError,
  LogUnavailableError,
  StreamMismatchError,
  UnsuitableServerError,
} from '../errors.ts';
import { LADDER_LIMITS } from '../ladder.ts';
import { describeLogContract } from '../log.contract.ts';
import type { LogRecord } from '../log.ts';
import { describeSnapshotsContract, LADDER_EVERY } from '../snapshots.contract.ts';
import { JetStreamCommandStore } from './commands.ts';
import { JetStreamEndpointStore } from './endpoints.ts';
import { JetStreamLog } from './log.ts';
import { countConsumer, listConsumerStats } from './reading/consumer-stats.ts';
import { OrderedConsumer } from './reading/ordered-consumer.ts';
import {
  COMMANDS_STREAM,
  ENDPOINTS_STREAM,
  ensureStreams,
  LOG_STREAM,
  SNAPSHOTS_BUCKET,
  SNAPSHOTS_STREAM,
} from './server/streams.ts';
import { JetStreamSnapshotStore } from './snapshots.ts';

const SUBJECT = 'muster.event.agent.node.n1';

let server: NatsServerProcess;
let connections: NatsConnection[] = [];

beforeAll(async () => {
  server = await startNatsServer();
});

afterAll(async () => {
  await server.stop();
});

async function open(): Promise<NatsConnection> {
  const nc = await connectNats(server.url, { name: 'test', waitMs: 5000 });
  connections.push(nc);
  return nc;
}

/** Leaves the server as it was found. */
async function dispose(): Promise<void> {
  await Promise.all(connections.map((nc) => nc.close()));
  connections = [];
  const nc = await open();
  for (const stream of [LOG_STREAM, COMMANDS_STREAM, ENDPOINTS_STREAM, SNAPSHOTS_STREAM]) {
    await deleteStream(nc, stream).catch((error) => {
      if (error.message !== 'stream not found') throw error;
    });
  }
  await nc.close();
  connections = [];
}

/**
 * A server answers before the files are gone, and when they are in the way of the next deletion of a stream of that
 * name, its messages come back with the stream.
 */
async function deleteStream(nc: NatsConnection, name: string): Promise<void> {
  await (await jetstreamManager(nc)).streams.delete(name);
  const folder = join(server.dir, 'jetstream', '$G', 'streams');
  const entries = () => readdir(folder).catch(() => []);
  while ((await entries()).some((entry) => entry.endsWith(name))) await delay(2); // the server gives no sign
}

describeLogContract('JetStream', async () => {
  await ensureStreams(await open());
  return { open: async () => new JetStreamLog(await open()), dispose };
});

describeCommandsContract('JetStream', async () => {
  await ensureStreams(await open());
  return {
    open: async () => new JetStreamCommandStore(await open()),
    passTime: async (ms) => {
      await delay(ms);
    },
    dispose,
  };
});

describeEndpointsContract('JetStream', async () => {
  await ensureStreams(await open());
  return {
    open: async () => new JetStreamEndpointStore(await open()),
    passTime: async (ms) => {
      await delay(ms);
    },
    dispose,
  };
});

describeSnapshotsContract('JetStream', async () => {
  const nc = await open();
  await ensureStreams(nc);
  return { store: new JetStreamSnapshotStore(nc, { ...LADDER_LIMITS, every: LADDER_EVERY }), dispose };
});

describe('the streams', () => {
  afterEach(dispose);

  it('are made by five processes at once, and found as they must be', async () => {
    const clients = await Promise.all([open(), open(), open(), open(), open()]);
    await Promise.all(clients.map((nc) => ensureStreams(nc)));
    await ensureStreams(await open());
    const jsm = await jetstreamManager(await open());
    const { config } = await jsm.streams.info(LOG_STREAM);
    expect(config).toMatchObject({
      subjects: ['muster.intent.>', 'muster.event.>'],
      storage: 'file',
      discard: 'new',
      max_age: 0,
      deny_delete: true,
      deny_purge: true,
      allow_rollup_hdrs: false,
      allow_msg_ttl: false,
    });
    expect(config.allow_atomic ?? false).toBe(false);
    expect((await jsm.streams.info(COMMANDS_STREAM)).config).toMatchObject({
      subjects: ['muster.command.*.*'],
      max_msgs_per_subject: 1,
      allow_msg_ttl: true,
    });
    expect((await jsm.streams.info(ENDPOINTS_STREAM)).config).toMatchObject({
      subjects: ['muster.endpoints.>'],
      max_msgs_per_subject: 1,
      allow_msg_ttl: true,
    });
  });

  it('are reported when they are otherwise, with every setting, and left alone', async () => {
    const nc = await open();
    const jsm = await jetstreamManager(nc);
    const other = {
      name: LOG_STREAM,
      subjects: ['muster.intent.>'],
      allow_msg_ttl: true,
      max_age: 3_600_000_000_000,
    };
    await jsm.streams.add({ ...other });
    const error = await ensureStreams(nc).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StreamMismatchError);
    expect((error as StreamMismatchError).stream).toBe(LOG_STREAM);
    const settings = (error as StreamMismatchError).mismatches.map(({ setting }) => setting);
    expect(settings).toEqual([
      'discard',
      'max_age',
      'deny_delete',
      'deny_purge',
      'allow_msg_ttl',
      'subjects',
    ]);
    expect((await jsm.streams.info(LOG_STREAM)).config).toMatchObject(other);
  });

  it('may not have a flag that is none of ours', async () => {
    const nc = await open();
    await ensureStreams(nc);
    const jsm = await jetstreamManager(nc);
    await jsm.streams.update(COMMANDS_STREAM, { allow_atomic: true });
    await expect(ensureStreams(nc)).rejects.toThrow(
      /MUSTER_COMMANDS .*allow_atomic must be "off" and is true/,
    );
  });

  it('may have what an operator decides', async () => {
    const nc = await open();
    await ensureStreams(nc);
    const jsm = await jetstreamManager(nc);
    await jsm.streams.update(LOG_STREAM, { max_bytes: 1_000_000_000, description: 'ours' });
    await ensureStreams(nc, { replicas: 1 });
  });

  it('say what is in their way', async () => {
    const nc = await open();
    const jsm = await jetstreamManager(nc);
    await jsm.streams.add({ name: 'OTHER', subjects: ['muster.event.>'] });
    await expect(ensureStreams(nc)).rejects.toThrow(/can't make the stream MUSTER_LOG: subjects overlap/);
    await jsm.streams.delete('OTHER');
  });

  it('can’t be kept by a server without JetStream', async () => {
    const plain = await startNatsServer({ extraConfig: 'jetstream: disabled' });
    const nc = await connectNats(plain.url, { name: 'test', waitMs: 5000 });
    await expect(ensureStreams(nc)).rejects.toThrow(UnsuitableServerError);
    await expect(ensureStreams(nc)).rejects.toThrow(/without JetStream/);
    await nc.close();
    await plain.stop();
  });
});

describe('the log on JetStream', () => {
  let nc: NatsConnection;
  let log: JetStreamLog;

  beforeEach(async () => {
    nc = await open();
    await ensureStreams(nc);
    log = new JetStreamLog(nc, { heartbeatMs: 200 });
  });

  afterEach(dispose);

  it('hears what was written while it was away, though nothing is written after', async () => {
    const writer = new JetStreamLog(await open());
    const follower = await startFollower(log);
    await fill(writer, 3);
    await follower.reached(3);
    for (let round = 1; round <= 5; round += 1) {
      void nc.reconnect();
      await fill(writer, 20);
      await follower.reached(3 + 20 * round);
    }
    expect(follower.seqs).toEqual(upTo(103));
    expect(follower.errors).toEqual([]);
  });

  it('loses and repeats nothing when its callbacks hold up the process', async () => {
    await fill(log, 20_000);
    let seen = 0;
    const follower = await startFollower(log, () => {
      seen += 1;
      // Longer than all the heartbeats that may be missing.
      if (seen % 8000 === 0) block(1000);
    });
    await follower.reached(20_000);
    expect(follower.seqs).toEqual(upTo(20_000));
    expect(follower.errors).toEqual([]);
  });

  it('reports a gap to whoever reads everything', async () => {
    await remakeLogStream({ deny_delete: false });
    await fill(log, 5);
    await (await jetstreamManager(nc)).streams.deleteMessage(LOG_STREAM, 3);
    const follower = await startFollower(log);
    const error = await follower.failed;
    expect(error).toBeInstanceOf(LogGapError);
    expect(error).toMatchObject({ expected: 3, received: 4 });
    expect(follower.seqs).toEqual([1, 2]);
    await expect(readAll(log)).rejects.toThrow(LogGapError);
    const filtered = await startFollower(log, undefined, [SUBJECT]);
    await filtered.reached(5);
    expect(filtered.seqs).toEqual([1, 2, 4, 5]);
  });

  it('reports a log that doesn’t begin where it should', async () => {
    await remakeLogStream({ deny_purge: false });
    await fill(log, 5);
    await (await jetstreamManager(nc)).streams.purge(LOG_STREAM, { seq: 4 });
    const error = await (await startFollower(log)).failed;
    expect(error).toMatchObject({ expected: 1, received: 4 });
  });

  it('reports that the stream was deleted and made again', async () => {
    await fill(log, 5);
    const follower = await startFollower(log);
    await follower.reached(5);
    await remakeLogStream({});
    await fill(log, 2);
    expect(await follower.failed).toBeInstanceOf(LogGoneError);
    expect(follower.seqs).toEqual(upTo(5));
  });

  it('leaves no consumer behind', async () => {
    await fill(log, 500);
    for await (const { seq } of log.read({ from: 1 })) if (seq === 3) break;
    await readAll(log);
    const follower = await startFollower(log);
    await follower.reached(500);
    await follower.following.stop();
    const jsm = await jetstreamManager(nc);
    expect((await jsm.streams.info(LOG_STREAM)).state.consumer_count).toBe(0);
    await startFollower(log);
    await log.close();
    expect((await jsm.streams.info(LOG_STREAM)).state.consumer_count).toBe(0);
  });

  it('says why it refuses', async () => {
    await remakeLogStream({ max_msg_size: 100 });
    await expect(log.append(SUBJECT, new Uint8Array(200))).rejects.toThrow(LogRefusedError);
    await expect(log.append(SUBJECT, new Uint8Array(200))).rejects.toThrow(/message size exceeds maximum/);
  });

  it('tells its followers when the connection is closed for good', async () => {
    const follower = await startFollower(log);
    await follower.caughtUp;
    await nc.close();
    expect(await follower.failed).toBeInstanceOf(LogUnavailableError);
    await expect(log.append(SUBJECT, new Uint8Array(1))).rejects.toThrow(LogUnavailableError);
  });

  async function remakeLogStream(change: object): Promise<void> {
    const jsm = await jetstreamManager(nc);
    const { config } = await jsm.streams.info(LOG_STREAM);
    await deleteStream(nc, LOG_STREAM);
    await jsm.streams.add({ ...config, ...change });
  }
});

describe('the command store on JetStream', () => {
  afterEach(dispose);

  it('is caught up though the commands it was waiting for have gone meanwhile', async () => {
    const nc = await open();
    await ensureStreams(nc);
    const jsm = await jetstreamManager(nc);
    const store = new JetStreamCommandStore(nc);
    const tasks = Array.from({ length: 200 }, (_, index) => `t${index}`);
    const put = (task: string) =>
      store.put('n1', task, new Uint8Array(60_000), { expectLastSeq: 0, ttlMs: 1000 });
    await Promise.all(tasks.map(put));
    // The server may send nothing more until it is told to go on, and by then nothing is left.
    const held: (() => void)[] = [];
    let delivered = 0;
    await new Promise<void>((onCaughtUp, onError) => {
      const consumer = OrderedConsumer.start({
        nc,
        jsm,
        stream: COMMANDS_STREAM,
        start: 'last-per-subject',
        subjects: ['muster.command.n1.*'],
        contiguous: false,
        heartbeatMs: 200,
        startWithinMs: 5000,
        onRecord: () => {
          delivered += 1;
        },
        onCaughtUp,
        onError,
        onFlowControl: (goOn) => held.push(goOn),
        stats: countConsumer(nc, COMMANDS_STREAM),
      });
      consumer.catch(onError);
      untilEmpty().then(() => {
        for (const goOn of held) goOn();
      }, onError);
    });
    expect(held.length).toBeGreaterThan(0);
    expect(delivered).toBeLessThan(tasks.length);
    // What kept it back is there to be seen.
    const [stats] = listConsumerStats(nc);
    expect(stats).toMatchObject({ stream: COMMANDS_STREAM, restarts: 0, flowControls: held.length });
    expect(stats!.stalls).toBeGreaterThan(0);

    async function untilEmpty(): Promise<void> {
      while ((await jsm.streams.info(COMMANDS_STREAM)).state.messages > 0) await delay(20); // expiry gives no sign
    }
  });
});

describe('the snapshot store on JetStream', () => {
  let nc: NatsConnection;
  let store: JetStreamSnapshotStore;

  beforeEach(async () => {
    nc = await open();
    await ensureStreams(nc);
    store = new JetStreamSnapshotStore(nc);
  });

  afterEach(dispose);

  it('keeps the last two of each fold version', async () => {
    for (const seq of [1, 2, 3, 4]) await store.put({ foldVersion: 1, seq }, [randomBytes(300_000)]);
    for (const seq of [1, 2, 3]) await store.put({ foldVersion: 2, seq }, [new Uint8Array(10)]);
    const { state } = await (await jetstreamManager(nc)).streams.info(SNAPSHOTS_STREAM, {
      subjects_filter: '>',
    });
    const kinds = Object.keys(state.subjects ?? {}).map((subject) => subject.split('.')[2]);
    expect(kinds.sort()).toEqual(['C', 'C', 'C', 'C', 'M', 'M', 'M', 'M']);
  });

  it('throws when the latest one has lost its content', async () => {
    await store.put({ foldVersion: 1, seq: 1 }, [new Uint8Array(10)]);
    await (await jetstreamManager(nc)).streams.purge(SNAPSHOTS_STREAM, {
      filter: `$O.${SNAPSHOTS_BUCKET}.C.>`,
    });
    const { chunks } = (await store.latest(1))!;
    await expect(chunks[Symbol.asyncIterator]().next()).rejects.toThrow('is gone, or incomplete');
  });
});

describe('a server that is killed and started again', () => {
  it('costs neither a record nor a repeat, for writers and followers', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'muster-test-'));
    let killed = await startNatsServer({ dir });
    const { port, url } = killed;
    const work = await startWork(url, { replicas: 1 });
    for (let round = 0; round < 3; round += 1) {
      await work.acknowledged(500);
      await killed.kill();
      killed = await startNatsServer({ dir, port });
    }
    await work.acknowledged(500);
    await work.finishAndCheck();
    await killed.stop();
    await rm(dir, { recursive: true });
  }, 60_000);

  it('costs nothing either when it led the stream of a cluster', async () => {
    const cluster = await startNatsCluster({ size: 3 });
    const work = await startWork(cluster.url, { replicas: 3 });
    await work.acknowledged(500);
    const leader = (await cluster.leaderOf(LOG_STREAM)) ?? 0;
    await cluster.servers[leader]?.kill();
    await work.acknowledged(500);
    await cluster.restart(leader);
    await work.acknowledged(500);
    await work.finishAndCheck();
    await cluster.stop();
  }, 120_000);

  it('is given up after the time allowed', async () => {
    const killed = await startNatsServer();
    const nc = await connectNats(killed.url, { name: 'test' });
    await ensureStreams(nc);
    const log = new JetStreamLog(nc, { retryForMs: 300 });
    await log.append(SUBJECT, new Uint8Array(1));
    await killed.kill('SIGKILL');
    await expect(log.append(SUBJECT, new Uint8Array(1))).rejects.toThrow(LogUnavailableError);
    await expect(log.head()).rejects.toThrow(LogUnavailableError);
    await nc.close();
    await killed.stop();
  });
});

/** Four writers, each counting under compare-and-set on a subject of its own, and three followers. */
async function startWork(url: string, { replicas }: { replicas: number }) {
  const clients = await Promise.all(
    Array.from({ length: 6 }, () => connectNats(url, { name: 'test', waitMs: 5000 })),
  );
  await ensureStreams(clients[0]!, { replicas });
  const logs = clients.map((nc) => new JetStreamLog(nc, { heartbeatMs: 500, retryForMs: 20_000 }));
  const [first, second, ...others] = logs;
  const followers = await Promise.all([
    startFollower(first!),
    startFollower(second!),
    startFollower(second!),
  ]);
  let writing = true;
  const acked: number[] = [];
  const writers = others.map((log, index) => keepWriting(log, `${SUBJECT}${index}`));
  const failed = Promise.all(writers).then(() => undefined);

  return {
    /** Waits for so many more records. */
    async acknowledged(more: number): Promise<void> {
      const wanted = acked.length + more;
      while (acked.length < wanted) await Promise.race([delay(5), failed]);
    },
    async finishAndCheck(): Promise<void> {
      writing = false;
      await failed;
      const head = await first!.head();
      await Promise.all(followers.map((follower) => follower.reached(head)));
      await expect.poll(async () => (await readAll(first!)).length, { timeout: 30_000 }).toBe(head);
      const records = await readAll(first!);
      expect(records.map(({ seq }) => seq)).toEqual(upTo(head));
      for (const follower of followers) {
        expect(follower.seqs).toEqual(upTo(head));
        expect(follower.errors).toEqual([]);
      }
      expect(new Set(acked).size).toBe(acked.length);
      expect(Math.max(...acked)).toBeLessThanOrEqual(head);
      for (const index of others.keys()) {
        const counts = records.filter(({ subject }) => subject === `${SUBJECT}${index}`).map(textOf);
        expect(counts).toEqual(upTo(counts.length).map(String));
      }
      await Promise.all(clients.map((nc) => nc.close()));
    },
  };

  async function keepWriting(log: JetStreamLog, subject: string): Promise<void> {
    let last = 0;
    for (let count = 1; writing; count += 1) {
      const data = new TextEncoder().encode(String(count));
      const result = await log.append(subject, data, { expectLastSubjectSeq: last });
      if (result.ok) acked.push(result.seq);
      last = result.ok ? result.seq : await ownLast(log, subject, last);
    }
  }

  /** The only writer of a subject can lose only to itself: the record was stored, and the answer was lost. */
  async function ownLast(log: JetStreamLog, subject: string, before: number): Promise<number> {
    let later: number[] = [];
    const find = async () => {
      later = [];
      for await (const { seq } of log.read({ from: before + 1, subjects: [subject] })) later.push(seq);
      return later.length;
    };
    // A server that has just become the stream's leader may not count the last records for a moment.
    await expect.poll(find, { timeout: 30_000 }).toBe(1);
    return later[0] ?? before;
  }
}

async function startFollower(
  log: JetStreamLog,
  onEach: () => void = () => undefined,
  subjects?: readonly string[],
) {
  const seqs: number[] = [];
  const errors: Error[] = [];
  const waiting: { seq: number; done: () => void }[] = [];
  let onCaughtUp: () => void = () => undefined;
  const caughtUp = new Promise<void>((resolve) => {
    onCaughtUp = resolve;
  });
  let onFailed: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    onFailed = resolve;
  });
  const following = await log.follow({
    from: 1,
    ...(subjects === undefined ? {} : { subjects }),
    onRecord: ({ seq }) => {
      seqs.push(seq);
      for (const waiter of waiting) if (seq >= waiter.seq) waiter.done();
      onEach();
    },
    onCaughtUp,
    onError: (error) => {
      errors.push(error);
      onFailed(error);
    },
  });
  return {
    following,
    seqs,
    errors,
    caughtUp,
    failed,
    async reached(seq: number): Promise<void> {
      if ((seqs.at(-1) ?? 0) < seq) await new Promise<void>((done) => waiting.push({ seq, done }));
    },
  };
}

async function fill(log: JetStreamLog, count: number): Promise<void> {
  let started = 0;
  const write = async () => {
    for (; started < count; ) {
      started += 1;
      await log.append(SUBJECT, new Uint8Array(300));
    }
  };
  await Promise.all(Array.from({ length: 200 }, write));
}

async function readAll(log: JetStreamLog): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read({ from: 1 })) records.push(record);
  return records;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function textOf({ data }: LogRecord): string {
  return new TextDecoder().decode(data);
}

/** Holds up the whole process, as a long fold or a pause of the collector does. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
