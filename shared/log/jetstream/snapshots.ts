// The snapshot store on a JetStream object store. Every put makes an object of its own, so that two copies of a
// reducer that save the same sequence never replace each other's chunks under a reader.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nuid } from '@nats-io/nats-core';
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import { KEPT_SNAPSHOTS, type SnapshotMeta, type SnapshotStore, type StoredSnapshot } from '../snapshots.ts';
import { waitAtMost } from './retrying.ts';
import { SNAPSHOTS_BUCKET, SNAPSHOTS_STREAM } from './streams.ts';

/** A reader whose object was deleted while it read would wait for its chunks for ever. */
const READ_WITHIN_MS = 60_000;

interface Listed {
  readonly name: string;
  /** What its chunks are filed under. */
  readonly chunks: string;
  readonly meta: SnapshotMeta;
}

export class JetStreamSnapshotStore implements SnapshotStore {
  private readonly manager: Objm;
  private readonly readWithinMs: number;

  constructor(
    private readonly nc: NatsConnection,
    options: { readonly readWithinMs?: number } = {},
  ) {
    this.manager = new Objm(jetstream(nc));
    this.readWithinMs = options.readWithinMs ?? READ_WITHIN_MS;
  }

  async put(meta: SnapshotMeta, content: Uint8Array): Promise<void> {
    const bucket = await this.open();
    const name = `fold-${meta.foldVersion}/${meta.seq}/${nuid.next()}`;
    const metadata = { foldVersion: String(meta.foldVersion), seq: String(meta.seq), hash: meta.hash };
    await bucket.putBlob({ name, metadata }, content);
    for (const old of (await this.list(meta.foldVersion)).slice(KEPT_SNAPSHOTS)) await this.purge(old);
  }

  async latest(foldVersion: number): Promise<StoredSnapshot | undefined> {
    const [newest] = await this.list(foldVersion);
    if (newest === undefined) return undefined;
    let content: Uint8Array | null = null;
    const reading = (await this.open()).getBlob(newest.name).then((blob) => {
      content = blob;
    });
    await waitAtMost(this.readWithinMs, reading);
    if (content === null)
      throw new Error(`the snapshot at ${newest.meta.seq} can't be read: it is gone, or incomplete`);
    return { meta: newest.meta, content };
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
function readListed({ name, nuid: chunks, metadata, deleted }: ObjectInfo): Listed | undefined {
  const foldVersion = Number(metadata?.foldVersion);
  const seq = Number(metadata?.seq);
  const hash = metadata?.hash;
  if (deleted || hash === undefined || !Number.isInteger(foldVersion) || !Number.isInteger(seq))
    return undefined;
  return { name, chunks, meta: { foldVersion, seq, hash } };
}
