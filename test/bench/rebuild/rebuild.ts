// How long a copy takes until it can decide, when the cluster is large: from the log alone, and from a snapshot and what
// came after it. A real orchestrator is timed until it is ready; what it does on the way is measured in a child.
import { deepStrictEqual } from 'node:assert/strict';
import { ensureStreams } from '@muster/log';
import { connectNats } from '@muster/runtime';
import type { Bench, Values } from '../bench.ts';
import { loadLog } from '../replay/load-log.ts';
import { describeOutcome } from '../replay/readers.ts';
import type { Written } from '../replay/story.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { type System, startSystem } from '../system.ts';
import { createPopulation } from './population.ts';
import { type Restored, restore, restoreInOwnProcess, type Way, ways } from './restore.ts';

interface Ready {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

export const rebuild: Bench = {
  summary: 'A cold start with many live tasks: from the log alone, and from a snapshot and a tail.',
  flags: {
    tasks: { help: 'live tasks; one series for each', default: '200000' },
    nodes: { help: 'nodes; 0 for one to every 200 tasks', default: '0' },
    services: { help: 'services; 0 for one to every 1000 tasks', default: '0' },
    history: { help: 'how many times every task has failed and been replaced', default: '0' },
    rounds: { help: 'starts of each kind, of which the median counts', default: '3' },
    nats: { help: 'internal: restore from this server once, in this process', default: '' },
    way: { help: 'internal: how', default: 'log' },
  },
  async run(values) {
    if (values.text('nats') === '') {
      for (const tasks of values.numbers('tasks')) await measure(values, tasks);
      return;
    }
    const way = ways.find((one) => one === values.text('way'));
    if (!way) throw new Error(`--way: there are ${ways.join(', ')}`);
    process.stdout.write(JSON.stringify(await restore(values.text('nats'), way)));
  },
};

async function measure(values: Values, tasks: number): Promise<void> {
  const system = await startSystem();
  const rounds = values.number('rounds');
  const population = createPopulation({
    tasks,
    nodes: values.number('nodes') || Math.max(1, Math.round(tasks / 200)),
    services: values.number('services') || Math.max(1, Math.round(tasks / 1000)),
    history: values.number('history'),
  });
  const loaded = await load(system, population.fill());
  const { records } = loaded;
  say(`${tasks} tasks: ${records} records of ${(loaded.bytes / records).toFixed(0)} bytes`);

  async function compare(way: Way): Promise<void> {
    const outcome = describeOutcome(population.state);
    const inside: Restored[] = [];
    const ready: Ready[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      ready.push(await startOrchestrator(system));
      inside.push(await restoreInOwnProcess(system.url, way));
      deepStrictEqual(inside.at(-1)!.outcome, outcome);
      say(`from the ${way}, round ${round}: ${ready.at(-1)!.seconds.toFixed(2)} s`);
    }
    const of = (field: keyof Ready) => median(ready.map((one) => one[field]));
    printResult({
      bench: 'rebuild',
      system: way,
      n: tasks,
      history: values.number('history'),
      records: outcome.head,
      seconds: of('seconds'),
      perSec: outcome.head / of('seconds'),
      cpuSeconds: of('cpuSeconds'),
      peakMb: of('peakMb'),
      foldSeconds: median(inside.map(({ seconds }) => seconds)),
      pauseMs: median(inside.map(({ pauseMs }) => pauseMs)),
      worstPauseMs: Math.max(...inside.map(({ pauseMs }) => pauseMs)),
      logMb: loaded.bytes / 2 ** 20,
    });
  }

  await compare('log');
  const before = await system.storedMb();
  const taken = await restoreInOwnProcess(system.url, 'take');
  printResult({
    bench: 'rebuild',
    system: 'take',
    n: tasks,
    seconds: taken.seconds,
    cpuSeconds: taken.cpuSeconds,
    pauseMs: taken.pauseMs,
    snapshotMb: (await system.storedMb()) - before,
  });
  const tail = await load(system, population.goOn());
  say(`a tail of ${tail.records} records`);
  await compare('snapshot');
  await system.stop();
}

async function load(system: System, records: Generator<Written>) {
  const nc = await connectNats(system.url, { name: 'bench-writer' });
  await ensureStreams(nc);
  const loaded = await loadLog(nc, records, (count) => {
    if (count % 100_000 === 0) say(`${count} records written`);
  });
  await nc.close();
  return loaded;
}

/** From its start until it says that it is ready; then it ends before it can have decided anything. */
async function startOrchestrator(system: System): Promise<Ready> {
  const before = system.usage();
  const started = performance.now();
  const orchestrator = await system.start('orchestrator');
  const seconds = (performance.now() - started) / 1000;
  const after = system.usage();
  await orchestrator.kill();
  return {
    seconds,
    cpuSeconds: after.cpuSeconds.orchestrator! - (before.cpuSeconds.orchestrator ?? 0),
    peakMb: after.peakMb.orchestrator!,
  };
}
