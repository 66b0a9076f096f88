// `npm run record -- PATH`: a story on a real cluster, and its log kept as PATH.ndjson with PATH.hashes.json. A recording
// is made once and never again: that old ones fold as they did is what they are for.
import { writeFile } from 'node:fs/promises';
import type { RawRecord } from '@muster/events';
import { createChanges, createState, foldRecord, hashState } from '@muster/state';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, hasConverged, isGone } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';
import { writeLines } from './recording.ts';

const HASH_EVERY = 20;

async function tell(cluster: TestCluster, watch: Watch): Promise<void> {
  const web = {
    image: 'web:1',
    restart: { delay: 0 },
    resources: { reservations: { cpus: 0.1, memory: '16m' } },
  };
  await cluster.intend(watch, 'apply', 'web', { ...web, replicas: 4 });
  await watch.until('web runs', hasConverged('web', 4));
  await cluster.intend(watch, 'create', 'web', web);
  await cluster.intend(watch, 'apply', 'page', {
    image: 'page:1',
    ports: ['target=80,mode=host'],
    placement: ['node.hostname==two'],
  });
  await watch.until('page runs', hasConverged('page', 1));
  await cluster.intend(watch, 'scale', 'web', { replicas: 6 });
  await watch.until('web is scaled', hasConverged('web', 6));
  await cluster.intend(watch, 'apply', 'web', {
    ...web,
    image: 'web:2',
    replicas: 6,
    update: { parallelism: 3 },
  });
  await watch.until('web is updated', (seen) =>
    hasConverged('web', 6)(seen)?.every(({ version }) => version.spec.containerSpec.image === 'web:2'),
  );
  await cluster.intend(watch, 'apply', 'brief', {
    image: 'brief',
    env: ['SIM_EXIT_AFTER=50ms', 'SIM_EXIT_CODE=3'],
    restart: { condition: 'on-failure', delay: 0, maxAttempts: 2 },
  });
  await cluster.intend(watch, 'apply', 'huge', { image: 'huge', resources: { reservations: { cpus: 64 } } });
  await watch.until(
    'huge fits nowhere',
    ({ state }) => state.serviceByName.get('', 'huge')?.unschedulable !== undefined,
  );
  for (const body of ['{', '{"image":3}', '{"image":"x","colour":"red"}']) {
    await watch.log.append('muster.intent.ana.service.apply.wrong', new TextEncoder().encode(body));
  }
  await watch.log.append(
    'muster.event.agent.node.nobody',
    new TextEncoder().encode('{"stream":"MUSTER_LOG","seq":1}'),
  );
  await watch.until(
    'nothing waits for a verdict',
    ({ state }) => state.intents.size === 0 && state.poison.size === 0,
  );
  const two = await cluster.startAgent('four', { backend: 'simulator' });
  await watch.until('four nodes', areReady(4));
  await two.kill();
  await watch.until('one is down', ({ state }) =>
    [...state.nodes.values()].some(({ status }) => status === 'down'),
  );
  await cluster.intend(watch, 'remove', 'page');
  await watch.until('page is gone', isGone('page'));
  await watch.until('web still runs', hasConverged('web', 6));
}

const path = process.argv[2];
if (!path) throw new Error('usage: npm run record -- PATH');
const cluster = await startCluster({ heartbeatMs: 300 });
try {
  await cluster.startControl(2);
  for (const name of ['one', 'two', 'three']) await cluster.startAgent(name, { backend: 'simulator' });
  const watch = await cluster.watch({ strict: false });
  await watch.until('three nodes', areReady(3));
  await tell(cluster, watch);
  const records: RawRecord[] = [];
  for await (const record of watch.log.read({ from: 1 })) records.push(record);
  const state = createState();
  const hashes: Record<string, string> = {};
  for (const record of records) {
    foldRecord(state, record, createChanges());
    if (record.seq % HASH_EVERY === 0 || record.seq === records.length) hashes[record.seq] = hashState(state);
  }
  await writeFile(`${path}.ndjson`, writeLines(records));
  await writeFile(`${path}.hashes.json`, `${JSON.stringify(hashes, undefined, 2)}\n`);
  process.stderr.write(`${records.length} records\n`);
} finally {
  await cluster.stop();
}
