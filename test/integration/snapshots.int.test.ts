// Snapshots in the object store: a start from one and the rest of the log leads to the state that the whole log does,
// and one that can't be trusted is ignored with a warning.
import { JetStreamSnapshotStore } from '@muster/log';
import { connectNats } from '@muster/runtime';
import { FOLD_VERSION, hashState } from '@muster/state';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const EVERY = 20;

let cluster: TestCluster;
let watch: Watch;
let api: RoleProcess | undefined;
let connection: Awaited<ReturnType<typeof connectNats>>;
let store: JetStreamSnapshotStore;

beforeAll(async () => {
  cluster = await startCluster({ env: { MUSTER_SNAPSHOT_EVERY: String(EVERY), MUSTER_LOG_LEVEL: 'debug' } });
  ({
    api: [api],
  } = await cluster.startControl(1));
  await cluster.startAgent('one', { backend: 'simulator' });
  watch = await cluster.watch();
  await watch.until('the node', areReady(1));
  connection = await connectNats(cluster.url, { name: 'test' });
  store = new JetStreamSnapshotStore(connection);
});

afterAll(async () => {
  await connection?.close();
  await cluster?.stop();
});

async function deploy(name: string): Promise<void> {
  await cluster.intend(watch, 'create', name, { image: name, replicas: 2 });
  await watch.until(name, hasConverged(name, 2));
}

/** A fresh API alone answers, and says what it started from. */
async function startAnew(): Promise<{ from: unknown; hash: string; warnings: string[] }> {
  await api?.stop();
  api = await cluster.start('api');
  const { snapshot: from } = api.log.find(({ msg }) => msg === 'caught up with the log')!;
  const warnings = api.log.filter(({ level }) => level === 40).map((line) => JSON.stringify(line));
  return { from, hash: (await cluster.print('state', '--format', 'hash')).split(' ')[0]!, warnings };
}

it('are taken while the log grows, and a start from one leads where the whole log does', async () => {
  for (let index = 0; watch.state.head < 3 * EVERY; index += 1) await deploy(`s${index}`);
  const { meta } = await vi.waitFor(
    async () => (await store.latest(FOLD_VERSION)) ?? expect.fail('there is none yet'),
    { timeout: 30_000 },
  );
  expect(meta.seq).toBeGreaterThanOrEqual(EVERY);
  await deploy('tail');
  const { from, hash, warnings } = await startAnew();
  expect(from).toBeGreaterThanOrEqual(meta.seq);
  expect(from).toBeLessThan(watch.state.head);
  // The watch has folded every record from the first one on.
  expect(hash).toBe(hashState(watch.state));
  expect(warnings).toEqual([]);
});

it('of a newer version are left alone, with a warning', async () => {
  const content = Buffer.from('what only a newer version understands');
  await store.put({ foldVersion: FOLD_VERSION + 1, seq: 1_000_000 }, [content]);
  const { from, hash, warnings } = await startAnew();
  expect(from).toBeGreaterThan(0);
  expect(hash).toBe(hashState(watch.state));
  expect(warnings).toEqual([expect.stringContaining('ignoring the snapshots of a newer version')]);
  const kept: Uint8Array[] = [];
  for await (const chunk of (await store.latest(FOLD_VERSION + 1))!.chunks) kept.push(chunk);
  expect(kept).toEqual([content]);
});

it('that are damaged are ignored, with a warning', async () => {
  await damageEverything();
  const { from, hash, warnings } = await startAnew();
  expect(from).toBe(0);
  expect(hash).toBe(hashState(watch.state));
  expect(warnings).toContainEqual(expect.stringContaining('ignoring a snapshot'));
});

/** Puts other bytes of the same length in the place of whatever is stored. */
async function damageEverything(): Promise<void> {
  const stream = 'OBJ_MUSTER_SNAPSHOTS';
  const ask = async (what: string, request: object) =>
    (await connection.request(`$JS.API.STREAM.${what}.${stream}`, JSON.stringify(request))).json<Answer>();
  const { state } = await ask('INFO', { subjects_filter: '$O.MUSTER_SNAPSHOTS.C.>' });
  for (const subject of Object.keys(state!.subjects)) {
    const { message } = await ask('MSG.GET', { last_by_subj: subject });
    await ask('MSG.DELETE', { seq: message!.seq });
    await connection.request(subject, Buffer.from(message!.data, 'base64').fill('x'));
  }
}

interface Answer {
  readonly state?: { readonly subjects: Readonly<Record<string, number>> };
  readonly message?: { readonly seq: number; readonly data: string };
}
