// The snapshot store on a JetStream object store. Every put makes an object of its own, so that two copies of a
// reducer that save the same sequence never replace each other's chunks under a reader.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nuid } from '@nats-io/nats-core';
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import { KEPT_SNAPSHOTS, type SnapshotMeta, type SnapshotStore, type StoredSnapshot } from '../snapshots.ts';
import { frameChunks, unframeChunks } from './compressed-frames.ts';
import { startConsumerStats } from './consumer-stats.ts';
import { OrderedConsumer } from './ordered-consumer.ts';
import { readBounded } from './read.ts';
import { SNAPSHOTS_BUCKET, SNAPSHOTS_STREAM } from './streams.ts';

const HEARTBEAT_MS = 5_000;
const START_WITHIN_MS = 10_000;

interface Listed {
  readonly name: string;
  /** What its chunks are filed under. */
  readonly chunks: string;
  /** Bytes in all of them. */
  readonly size: number;
  readonly meta: SnapshotMeta;
}

export class JetStreamSnapshotStore implements SnapshotStore {
  private readonly manager: Objm;

  constructor(private readonly nc: NatsConnection) {
    this.manager = new Objm(jetstream(nc));
  }

  async put(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const bucket = await this.open();
    const name = `fold-${meta.foldVersion}/${meta.seq}/${nuid.next()}`;
    const metadata = { foldVersion: String(meta.foldVersion), seq: String(meta.seq) };
    await bucket.put({ name, metadata }, ReadableStream.from(frameChunks(chunks)));
    for (const old of (await this.list(meta.foldVersion)).slice(KEPT_SNAPSHOTS)) await this.purge(old);
  }

  async latest(foldVersion: number): Promise<StoredSnapshot | undefined> {
    const [newest] = await this.list(foldVersion);
    if (newest === undefined) return undefined;
    return { meta: newest.meta, chunks: unframeChunks(this.readBytes(newest)) };
  }

  /** Not through the object store, whose digest in JavaScript takes longer than all the rest: a snapshot has its own. */
  private async *readBytes({ chunks, size, meta: { seq } }: Listed): AsyncGenerator<Uint8Array> {
    let read = 0;
    const records = readBounded(Number.POSITIVE_INFINITY, async (handlers) =>
      OrderedConsumer.start({
        nc: this.nc,
        jsm: await jetstreamManager(this.nc, { checkAPI: false }),
        stream: SNAPSHOTS_STREAM,
        start: 1,
        subjects: [`$O.${SNAPSHOTS_BUCKET}.C.${chunks}`],
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
    if (read !== size) throw new Error(`the snapshot at ${seq} is gone, or incomplete`);
  }

  async discardAbove(seq: number): Promise<void> {
    for (const listed of await this.listAll()) if (listed.meta.seq > seq) await this.purge(listed);
  }

  async newestVersion(): Promise<number | undefined> {
    const versions = (await this.listAll()).map(({ meta }) => meta.foldVersion);
    return versions.length === 0 ? undefined : Math.max(...versions);
  }

  /** The object store's own delete leaves a marker behind for ever, and each snapshot has a name of its own. */
  private async purge({ name, chunks }: Listed): Promise<void> {
    const jsm = await jetstreamManager(this.nc, { checkAPI: false });
    const token = Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    for (const part of [`M.${token}`, `C.${chunks}`]) {
      await jsm.streams.purge(SNAPSHOTS_STREAM, { filter: `$O.${SNAPSHOTS_BUCKET}.${part}` });
    }
  }

  private open(): Promise<ObjectStore> {
    return this.manager.open(SNAPSHOTS_BUCKET);
  }

  /** The newest first. */
  private async list(foldVersion: number): Promise<Listed[]> {
    return (await this.listAll())
      .filter(({ meta }) => meta.foldVersion === foldVersion)
      .sort((a, b) => b.meta.seq - a.meta.seq || (a.name < b.name ? -1 : 1));
  }

  private async listAll(): Promise<Listed[]> {
    const objects = await (await this.open()).list();
    return objects.map(readListed).filter((listed) => listed !== undefined);
  }
}

/** Undefined when the object isn't a snapshot of ours. */
function readListed({ name, nuid: chunks, size, metadata, deleted }: ObjectInfo): Listed | undefined {
  const foldVersion = Number(metadata?.foldVersion);
  const seq = Number(metadata?.seq);
  if (deleted || !Number.isInteger(foldVersion) || !Number.isInteger(seq)) return undefined;
  return { name, chunks, size, meta: { foldVersion, seq } };
}
