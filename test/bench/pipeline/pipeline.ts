// A service from intent to the last task RUNNING, through everything: how many tasks a second, at what cost, and how long
// one task takes when there is nothing else to do.
import type { Bench, Values } from '../bench.ts';
import { giveIntent, PLAIN_SERVICE, preciseNow } from '../intents.ts';
import { createJourneys } from '../journeys.ts';
import { listRunning, observe } from '../observe.ts';
import { printResult, say } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import { type System, startSystem } from '../system.ts';
import { spentBetween, sumOf } from '../usage.ts';

/** SwarmKit with raft and an executor that does nothing, in one process of another machine of the kind. */
const SWARMKIT_PER_SEC = 500;
/** The log silent for so long: nothing is under way. */
const REST_MS = 250;

export const pipeline: Bench = {
  summary: 'Tasks a second from intent to RUNNING, and the latency of one task at rest.',
  flags: {
    tasks: { help: 'tasks of the service; one series for each', default: '1000,10000' },
    nodes: { help: 'simulated nodes, in a process of their own', default: '100' },
    rounds: { help: 'rounds, of which the median counts', default: '3' },
    single: { help: 'services of one task, one after the other; 0 for none', default: '200' },
  },
  async run(values) {
    const system = await startSystem();
    await system.startControl();
    await system.startNodes({ count: values.number('nodes') });
    for (const tasks of values.numbers('tasks')) await measureRate(system, values, tasks);
    if (values.number('single') > 0) await measureLatency(system, values);
  },
};

interface Sample {
  readonly seconds: number;
  readonly cpuSecondsPer1000: Readonly<Record<string, number>>;
}

async function measureRate(system: System, values: Values, tasks: number): Promise<void> {
  const running = new Set<string>();
  const observer = await observe(system.url, (record) => {
    for (const id of listRunning(record)) running.add(id);
  });
  const samples: Sample[] = [];
  for (let round = 1; round <= values.number('rounds'); round += 1) {
    const name = `many-${tasks}-${round}`;
    await observer.untilQuiet(REST_MS);
    running.clear();
    const before = system.usage();
    const started = preciseNow();
    await giveIntent(observer.log, { name, body: { ...PLAIN_SERVICE, replicas: tasks } });
    await observer.until(`${tasks} running tasks`, () => running.size >= tasks);
    const seconds = (observer.headTime - started) / 1000;
    const cpuSecondsPer1000 = spentBetween(before, system.usage(), 1000 / tasks);
    samples.push({ seconds, cpuSecondsPer1000 });
    say(`${tasks} tasks, round ${round}: ${seconds.toFixed(2)} s`);
    await giveIntent(observer.log, { verb: 'remove', name, body: {} });
    await observer.untilQuiet(2 * REST_MS);
  }
  await observer.stop();
  const seconds = median(samples.map((sample) => sample.seconds));
  const cpu = samples.map((sample) => sample.cpuSecondsPer1000);
  const byProcess = Object.keys(cpu[0]!).map((name) => [name, median(cpu.map((one) => one[name]!))]);
  printResult({
    bench: 'pipeline',
    what: 'rate',
    n: tasks,
    nodes: values.number('nodes'),
    seconds,
    perSec: tasks / seconds,
    ratioToSwarmKit: tasks / seconds / SWARMKIT_PER_SEC,
    cpuSecondsPer1000: median(cpu.map(sumOf)),
    cpuSecondsPer1000By: Object.fromEntries(byProcess),
    peakMb: system.usage().peakMb,
  });
}

async function measureLatency(system: System, values: Values): Promise<void> {
  const journeys = createJourneys();
  const observer = await observe(system.url, journeys.note);
  await observer.untilQuiet(REST_MS);
  const count = values.number('single');
  const latencies: number[] = [];
  // The log's time is in whole milliseconds, rounded down; the last of all is when the report was seen here.
  const verdicts: number[] = [];
  const assignments: number[] = [];
  for (let index = 1; index <= count; index += 1) {
    const name = `single-${index}`;
    const givenAt = preciseNow();
    await giveIntent(observer.log, { name });
    await observer.until(`${name} runs`, () => journeys.byName.get(name)?.runningAt !== undefined);
    latencies.push(preciseNow() - givenAt);
    const { verdictAt, assignedAt } = journeys.byName.get(name)!;
    verdicts.push(verdictAt! - givenAt);
    assignments.push(assignedAt! - givenAt);
  }
  printResult({
    bench: 'pipeline',
    what: 'latency',
    n: count,
    nodes: values.number('nodes'),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: Math.max(...latencies),
    verdictP50Ms: quantile(verdicts, 0.5),
    assignedP50Ms: quantile(assignments, 0.5),
  });
  await observer.stop();
}
