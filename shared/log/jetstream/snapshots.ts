// The snapshot store on a JetStream object store. Every put makes an object of its own, so that two copies of a
// reducer that save the same sequence never replace each other's chunks under a reader.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nuid } from '@nats-io/nats-core';
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import { keepSnapshots, LADDER_LIMITS, type LadderLimits, type Rung } from '../ladder.ts';
import type { SnapshotMeta, SnapshotStore, StoredSnapshot } from '../snapshots.ts';
import { frameChunks, unframeChunks } from './reading/compressed-frames.ts';
import { startConsumerStats } from './reading/consumer-stats.ts';
import { OrderedConsumer } from './reading/ordered-consumer.ts';
import { readBounded } from './reading/read.ts';
import { findStream, restoreStream, SNAPSHOTS_BUCKET, SNAPSHOTS_STREAM } from './server/streams.ts';

const HEARTBEAT_MS = 5_000;
const START_WITHIN_MS = 10_000;
const META_PREFIX = `$O.${SNAPSHOTS_BUCKET}.M.`;
const CHUNK_PREFIX = `$O.${SNAPSHOTS_BUCKET}.C.`;

interface Listed extends SnapshotMeta, Rung {
  readonly name: string;
  /** What its chunks are filed under. */
  readonly chunks: string;
}

export class JetStreamSnapshotStore implements SnapshotStore {
  private readonly manager: Objm;

  constructor(
    private readonly nc: NatsConnection,
    readonly limits: LadderLimits = LADDER_LIMITS,
  ) {
    this.manager = new Objm(jetstream(nc));
  }

  async put(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    await restoreStream(await jetstreamManager(this.nc, { checkAPI: false }), SNAPSHOTS_STREAM);
    const bucket = await this.open();
    const name = `fold-${meta.foldVersion}/${meta.seq}/${nuid.next()}`;
    const metadata = { foldVersion: String(meta.foldVersion), seq: String(meta.seq) };
    await bucket.put({ name, metadata }, ReadableStream.from(frameChunks(chunks)));
    const stored = await this.listAll();
    const kept = new Set(keepSnapshots(stored, meta.foldVersion, this.limits));
    for (const old of stored) if (!kept.has(old)) await this.purge(old);
  }

  async list(foldVersion: number): Promise<readonly Rung[]> {
    return this.of(foldVersion);
  }

  async latest(foldVersion: number, atMost = Number.POSITIVE_INFINITY): Promise<StoredSnapshot | undefined> {
    const found = (await this.of(foldVersion)).findLast(({ seq }) => seq <= atMost);
    return found && { meta: { foldVersion, seq: found.seq }, chunks: unframeChunks(this.readBytes(found)) };
  }

  async discardAbove(last: number): Promise<void> {
    for (const snapshot of await this.listAll()) if (snapshot.seq > last) await this.purge(snapshot);
  }

  async newestVersion(): Promise<number | undefined> {
    const versions = (await this.listAll()).map(({ foldVersion }) => foldVersion);
    return versions.length === 0 ? undefined : Math.max(...versions);
  }

  /** Not through the object store, whose digest in JavaScript takes longer than all the rest: a snapshot has its own. */
  private async *readBytes({ chunks, bytes, seq }: Listed): AsyncGenerator<Uint8Array> {
    let read = 0;
    const records = readBounded(Number.POSITIVE_INFINITY, async (handlers) =>
      OrderedConsumer.start({
        nc: this.nc,
        jsm: await jetstreamManager(this.nc, { checkAPI: false }),
        stream: SNAPSHOTS_STREAM,
        start: 1,
        subjects: [`${CHUNK_PREFIX}${chunks}`],
        contiguous: false,
        heartbeatMs: HEARTBEAT_MS,
        startWithinMs: START_WITHIN_MS,
        stats: startConsumerStats(SNAPSHOTS_STREAM),
        ...handlers,
      }),
    );
    for await (const { data } of records) {
      read += data.length;
      yield data;
    }
    if (read !== bytes) throw new Error(`the snapshot at ${seq} is gone, or incomplete`);
  }

  /** The object store's own delete leaves a marker behind for ever, and each snapshot has a name of its own. */
  private async purge({ name, chunks }: Listed): Promise<void> {
    const jsm = await jetstreamManager(this.nc, { checkAPI: false });
    const token = Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    for (const filter of [`${META_PREFIX}${token}`, `${CHUNK_PREFIX}${chunks}`])
      await jsm.streams.purge(SNAPSHOTS_STREAM, { filter });
  }

  private open(): Promise<ObjectStore> {
    return this.manager.open(SNAPSHOTS_BUCKET);
  }

  /** The lowest sequence first. */
  private async of(wanted: number): Promise<Listed[]> {
    return (await this.listAll()).filter(({ foldVersion }) => foldVersion === wanted);
  }

  /**
   * In an order that is the same for everybody: of two of one sequence all keep the same. Each is asked for by itself: the
   * object store's own list waits for half a minute for one that another copy deletes meanwhile.
   */
  private async listAll(): Promise<Listed[]> {
    const jsm = await jetstreamManager(this.nc, { checkAPI: false });
    const found = await findStream(jsm, SNAPSHOTS_STREAM, { subjects_filter: `${META_PREFIX}>` });
    // Deleted under us, it is made again with the next snapshot.
    if (found === undefined) return [];
    const objects = await Promise.all(
      Object.keys(found.state.subjects ?? {}).map(async (subject) => {
        const object = await jsm.streams.getMessage(SNAPSHOTS_STREAM, { last_by_subj: subject });
        return object?.json<ObjectInfo>();
      }),
    );
    return objects
      .map((object) => object && readListed(object))
      .filter((listed) => listed !== undefined)
      .sort((a, b) => a.seq - b.seq || (a.name < b.name ? -1 : 1));
  }
}

/** Undefined when the object isn't a snapshot of ours. */
function readListed({ name, nuid: chunks, size, metadata, deleted }: ObjectInfo): Listed | undefined {
  const foldVersion = Number(metadata?.foldVersion);
  const seq = Number(metadata?.seq);
  if (deleted || !Number.isInteger(foldVersion) || !Number.isInteger(seq)) return undefined;
  return { name, chunks, bytes: size, foldVersion, seq };
}
