// How many intents the log takes from one client, each acknowledged as stored, while the control plane admits them; and
// beside it the same client and the same stream with nobody who reads it.
import { ensureStreams, JetStreamLog } from '@muster/log';
import { connectNats, startNatsServer } from '@muster/runtime';
import type { Bench, Values } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { startControlPlane } from '../control-plane.ts';
import { printResult, say } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import { awaitVerdicts } from './await-verdicts.ts';
import { publishIntents } from './publish-intents.ts';

interface Sample {
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From the first intent until the last has been accepted, and its tasks made. */
  readonly admittedSeconds?: number;
}

export const submit: Bench = {
  summary: 'Intents a second, stored and acknowledged, beside the raw stream; and until all are admitted.',
  flags: {
    count: { help: 'intents', default: '20000' },
    'in-flight': { help: 'intents under way at a time', default: '16' },
    replicas: { help: 'replicas of each service', default: '1' },
    nodes: { help: 'simulated nodes that run them, in the same process', default: '0' },
    sync: {
      help: 'always: on the disk before it is acknowledged; no: the default of nats-server',
      default: 'no',
    },
    rounds: { help: 'rounds, of which the median counts', default: '3' },
  },
  async run(values) {
    const samples: { raw: Sample[]; muster: Sample[] } = { raw: [], muster: [] };
    for (let round = 1; round <= values.number('rounds'); round += 1) {
      const order = round % 2 === 1 ? (['raw', 'muster'] as const) : (['muster', 'raw'] as const);
      for (const system of order) {
        const one = await (system === 'raw' ? sampleRaw(values) : sampleMuster(values));
        samples[system].push(one);
        say(`round ${round}: ${system}: ${one.seconds.toFixed(2)} s`);
      }
    }
    const of = (system: keyof typeof samples, field: keyof Sample) =>
      median(samples[system].map((one) => one[field] ?? Number.NaN));
    const n = values.number('count');
    for (const system of ['raw', 'muster'] as const) {
      const seconds = of(system, 'seconds');
      const admittedSeconds = system === 'muster' ? of(system, 'admittedSeconds') : undefined;
      printResult({
        bench: 'submit',
        n,
        system,
        seconds,
        perSec: n / seconds,
        ratioToRaw: of('raw', 'seconds') / seconds,
        p50Ms: of(system, 'p50Ms'),
        p99Ms: of(system, 'p99Ms'),
        admittedSeconds,
        admittedPerSec: admittedSeconds && n / admittedSeconds,
      });
    }
  },
};

async function sampleRaw(values: Values): Promise<Sample> {
  const server = await startNatsServer({ syncAlways: values.text('sync') === 'always' });
  atEnd(() => server.stop());
  const connection = await connectNats(server.url, { name: 'bench' });
  await ensureStreams(connection);
  const { seconds, latenciesMs } = await publishIntents(connection, readLoad(values));
  await connection.close();
  await server.stop();
  return summarise(seconds, latenciesMs);
}

async function sampleMuster(values: Values): Promise<Sample> {
  const plane = await startControlPlane({
    args: ['--nodes', values.text('nodes'), '--backend', 'simulator'],
    syncAlways: values.text('sync') === 'always',
  });
  const connection = await connectNats(plane.url, { name: 'bench' });
  const load = readLoad(values);
  const { seconds, latenciesMs, firstAt } = await publishIntents(connection, load);
  const lastAt = await awaitVerdicts(new JetStreamLog(connection), load.count);
  await connection.close();
  await plane.stop();
  return { ...summarise(seconds, latenciesMs), admittedSeconds: (lastAt - firstAt) / 1000 };
}

function readLoad(values: Values) {
  return {
    count: values.number('count'),
    inFlight: values.number('in-flight'),
    replicas: values.number('replicas'),
  };
}

function summarise(seconds: number, latenciesMs: readonly number[]): Sample {
  return { seconds, p50Ms: quantile(latenciesMs, 0.5), p99Ms: quantile(latenciesMs, 0.99) };
}
