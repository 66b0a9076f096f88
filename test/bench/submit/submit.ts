// How many intents the log takes, each acknowledged as stored, 16 in flight: alone, and with a control plane that
// admits them at the same time; and how long until each has its verdict.
import { randomUUID } from 'node:crypto';
import { encodeJson, intentSubject } from '@muster/events';
import { ensureStreams, JetStreamLog } from '@muster/log';
import { connectNats } from '@muster/runtime';
import { startCluster, type TestCluster } from '../../harness/cluster.ts';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { printResult, say } from '../report.ts';
import { quantile } from '../statistics.ts';

export const submit: Bench = {
  summary:
    'Intents a second, stored and acknowledged, with their latency; and until the last has its verdict',
  flags: {
    count: { help: 'intents', default: '20000' },
    'in-flight': { help: 'intents under way at a time', default: '16' },
  },
  async run(values) {
    const count = values.number('count');
    const inFlight = values.number('in-flight');
    let alone = 0;
    for (const system of ['log', 'muster'] as const) {
      const cluster = await startCluster();
      atEnd(() => cluster.stop());
      if (system === 'muster') await cluster.start('up', '--nodes', '0');
      else await makeStreams(cluster);
      say(`${system}: ${count} intents, ${inFlight} in flight`);
      const { seconds, latencies } = await publish(cluster, count, inFlight);
      if (system === 'log') alone = seconds;
      const started = performance.now();
      if (system === 'muster') {
        const watch = await cluster.watch({ strict: false });
        await watch.until(
          'every intent has its verdict',
          ({ state }) => state.services.size === count,
          300_000,
        );
      }
      printResult({
        bench: 'submit',
        system,
        intents: count,
        inFlight,
        perSec: count / seconds,
        p50Ms: quantile(latencies, 0.5),
        p99Ms: quantile(latencies, 0.99),
        ratioToLog: alone / seconds,
        admittedPerSec:
          system === 'muster' ? count / (seconds + (performance.now() - started) / 1000) : undefined,
      });
      await cluster.stop();
    }
  },
};

/** As a control plane would have. */
async function makeStreams({ url }: TestCluster): Promise<void> {
  const connection = await connectNats(url, { name: 'bench' });
  await ensureStreams(connection);
  await connection.close();
}

async function publish({ url }: TestCluster, count: number, inFlight: number) {
  const connection = await connectNats(url, { name: `bench-${randomUUID()}` });
  const log = new JetStreamLog(connection);
  const latencies: number[] = [];
  let next = 0;
  const body = encodeJson({ image: 'none', replicas: 0 });
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      const asked = performance.now();
      await log.append(intentSubject('bench', 'service', 'apply', `s${index}`), body);
      latencies.push(performance.now() - asked);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - started) / 1000;
  await log.close();
  await connection.close();
  return { seconds, latencies };
}
