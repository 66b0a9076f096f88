// How long it takes to say how the cluster was at any moment of a long log, and what became of one service: above the
// ladder of snapshots, which is built first.
import { createApi, readAudit } from '@muster/api';
import { JetStreamLog, JetStreamSnapshotStore, LADDER_LIMITS, type Log } from '@muster/log';
import {
  climb,
  connectNats,
  silentLogger,
  startFollower,
  startNatsServer,
  systemClock,
  takeSnapshot,
} from '@muster/runtime';
import { type Chance, seedChance } from '@muster/simulation';
import {
  type ClusterState,
  createState,
  FOLD_VERSION,
  foldRecord,
  hashState,
  ignoreChanges,
} from '@muster/state';
import type { Bench, Values } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { fillLog } from '../replay/fill-log.ts';
import { printResult, say } from '../report.ts';
import { median, quantile } from '../statistics.ts';

export const moments: Bench = {
  summary:
    'How long any moment of a long log takes, above the ladder of snapshots, and an audit of one service.',
  flags: {
    events: { help: 'events in the log', default: '5000000' },
    nodes: { help: 'nodes of the story', default: '100' },
    services: { help: 'services of the story', default: '500' },
    replicas: { help: 'replicas of each', default: '20' },
    every: { help: 'records from one snapshot to the next', default: String(LADDER_LIMITS.every) },
    asked: { help: 'moments and services asked about', default: '20' },
    checked: { help: 'moments that are folded from the beginning too', default: '1' },
    seed: { help: 'of the story and the questions', default: '1' },
  },
  async run(values) {
    const server = await startNatsServer();
    atEnd(() => server.stop());
    const { events } = await fillLog(server.url, values);
    const nc = await connectNats(server.url, { name: 'bench' });
    atEnd(() => nc.close());
    const log = new JetStreamLog(nc);
    const limits = { ...LADDER_LIMITS, every: values.number('every') };
    const snapshots = new JetStreamSnapshotStore(nc, limits);
    await buildLadder(log, snapshots, events);
    const follower = await startFollower({ log, snapshots, clock: systemClock, logger: silentLogger });
    const counting = countReads(log);
    const api = createApi({ follower, log: counting, clock: systemClock, logger: silentLogger, snapshots });
    const chance = seedChance(values.number('seed'));
    const asked = { api, counting, events, chance, values };
    await askMoments(asked);
    await askAudits(counting, follower.state, chance, values);
    await follower.stop();
  },
};

interface Counting extends Log {
  reads: number;
}

function countReads(log: Log): Counting {
  const counting: Counting = Object.assign(Object.create(log) as Log, {
    reads: 0,
    async *read(options: Parameters<Log['read']>[0]) {
      for await (const record of log.read(options)) {
        counting.reads += 1;
        yield record;
      }
    },
  });
  return counting;
}

async function buildLadder(log: Log, snapshots: JetStreamSnapshotStore, events: number): Promise<void> {
  const startedAt = performance.now();
  await climb({
    log,
    snapshots,
    clock: systemClock,
    logger: silentLogger,
    head: () => events,
    mayGoOn: () => true,
    onPending: () => undefined,
  });
  const follower = await startFollower({ log, snapshots, clock: systemClock, logger: silentLogger });
  await takeSnapshot(snapshots, follower.state, systemClock);
  await follower.stop();
  const rungs = await snapshots.list(FOLD_VERSION);
  const seconds = (performance.now() - startedAt) / 1000;
  const megabytes = rungs.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20;
  say(`${rungs.length} rungs in ${seconds.toFixed(1)} s, ${megabytes.toFixed(1)} MB`);
  printResult({
    bench: 'moments',
    system: 'ladder',
    n: events,
    seconds,
    perSec: events / seconds,
    rungs: rungs.length,
    megabytes,
  });
}

async function askMoments({
  api,
  counting,
  events,
  chance,
  values,
}: {
  readonly api: ReturnType<typeof createApi>;
  readonly counting: Counting;
  readonly events: number;
  readonly chance: Chance;
  readonly values: Values;
}): Promise<void> {
  const ask = async (at: number | string) => {
    const { answer, error } = await api.answer('state.hash', Buffer.from(JSON.stringify({ at })));
    if (error) throw new Error(error.message);
    return answer as { readonly seq: number; readonly hash: string };
  };
  const kinds = {
    sequence: () => chance.between(1, events),
    time: async () => new Date((await counting.find(chance.between(1, events)))!.time).toISOString(),
  };
  for (const [system, choose] of Object.entries(kinds)) {
    const [seconds, cpuSeconds]: [number[], number[]] = [[], []];
    const before = counting.reads;
    for (let index = 0; index < values.number('asked'); index += 1) {
      const at = await choose();
      const watch = startWatch();
      const { seq, hash } = await ask(at);
      watch.stop(seconds, cpuSeconds);
      if (system === 'sequence' && index < values.number('checked')) await check(counting, seq, hash);
    }
    say(`${system}: ${seconds.map((one) => one.toFixed(2)).join(' ')} s`);
    printResult({
      bench: 'moments',
      system,
      n: events,
      p50: median(seconds),
      max: quantile(seconds, 1),
      cpuSeconds: median(cpuSeconds),
      records: (counting.reads - before) / seconds.length,
    });
  }
}

function startWatch() {
  const startedAt = performance.now();
  const cpuAt = process.cpuUsage();
  return {
    /** Adds the time that has passed, and how much of it this process was at work. */
    stop(seconds: number[], cpuSeconds: number[]): void {
      const { user, system } = process.cpuUsage(cpuAt);
      seconds.push((performance.now() - startedAt) / 1000);
      cpuSeconds.push((user + system) / 1e6);
    },
  };
}

async function check(log: Counting, seq: number, hash: string): Promise<void> {
  const { reads } = log;
  const state = createState();
  for await (const record of log.read({ from: 1, to: seq })) foldRecord(state, record, ignoreChanges());
  log.reads = reads;
  if (hashState(state) !== hash) throw new Error(`at ${seq} the whole log folds to something else`);
  say(`checked ${seq}`);
}

async function askAudits(log: Counting, state: ClusterState, chance: Chance, values: Values): Promise<void> {
  const [seconds, cpuSeconds]: [number[], number[]] = [[], []];
  const told: number[] = [];
  const read: number[] = [];
  for (let index = 0; index < values.number('asked'); index += 1) {
    const name = `service-${chance.between(1, values.number('services'))}`;
    const before = log.reads;
    const watch = startWatch();
    const audit = await readAudit(log, state, name);
    watch.stop(seconds, cpuSeconds);
    if (!audit.ok) throw new Error(audit.refusal.message);
    told.push(audit.entries.length);
    read.push(log.reads - before);
  }
  say(
    `audit: ${seconds.map((one, index) => `${one.toFixed(2)} s for ${told[index]} of ${read[index]}`).join(', ')}`,
  );
  printResult({
    bench: 'moments',
    system: 'audit',
    n: state.head,
    p50: median(seconds),
    max: quantile(seconds, 1),
    cpuSeconds: median(cpuSeconds),
    entries: median(told),
    records: median(read),
  });
}
