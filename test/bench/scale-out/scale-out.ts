// What more copies of each reducer bring: the same many small services with 1, 2 and 4 copies, each copy a process of its
// own. Each decides what it can; where two decide the same, the log lets one of them win.
import { silentLogger, startFollower, systemClock } from '@muster/runtime';
import type { Bench, Values } from '../bench.ts';
import { giveAll, PLAIN_SERVICE, preciseNow } from '../intents.ts';
import { listRunning, observe } from '../observe.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { reducers, startSystem } from '../system.ts';
import { spentBetween, sumOf } from '../usage.ts';
import { readConflicts } from './conflicts.ts';

const REST_MS = 500;

interface Sample {
  readonly seconds: number;
  readonly decisions: number;
  /** Appended second, by role: the log refused them. */
  readonly conflicts: Readonly<Record<string, number>>;
  /** In the log, and without effect: somebody else had been faster on another subject. */
  readonly voids: number;
  readonly cpuSecondsPer1000: Readonly<Record<string, number>>;
}

export const scaleOut: Bench = {
  summary:
    'Decisions a second with more copies of each reducer, each in its own process; conflicts, and cost.',
  flags: {
    copies: { help: 'copies of each reducer; one series for each', default: '1,2,4' },
    services: { help: 'services, given as fast as the log takes them', default: '2000' },
    replicas: { help: 'tasks of each', default: '5' },
    nodes: { help: 'simulated nodes, in a process of their own', default: '100' },
    'warm-up': {
      help: 'services beforehand, not counted: copies that have just started compile what they run',
      default: '2000',
    },
    rounds: { help: 'rounds, each with a cluster of its own; the median counts', default: '1' },
  },
  async run(values) {
    const series = new Map<number, Sample[]>(values.numbers('copies').map((copies) => [copies, []]));
    for (let round = 1; round <= values.number('rounds'); round += 1) {
      for (const [copies, samples] of series) {
        const sample = await measure(values, copies);
        samples.push(sample);
        say(`${copies} copies, round ${round}: ${sample.seconds.toFixed(2)} s`);
      }
    }
    const tasks = values.number('services') * values.number('replicas');
    const alone = rateOf(series.values().next().value!);
    for (const [copies, samples] of series) {
      const of = (field: 'seconds' | 'decisions' | 'voids') => median(samples.map((sample) => sample[field]));
      const conflicts = median(samples.map((sample) => sumOf(sample.conflicts)));
      const cpu = samples.map((sample) => sample.cpuSecondsPer1000);
      const byProcess = Object.keys(cpu[0]!).map((name) => [name, median(cpu.map((one) => one[name]!))]);
      printResult({
        bench: 'scale-out',
        n: copies,
        services: values.number('services'),
        tasks,
        seconds: of('seconds'),
        decisionsPerSec: rateOf(samples),
        ratioToFirst: rateOf(samples) / alone,
        tasksPerSec: tasks / of('seconds'),
        decisions: of('decisions'),
        conflictShare: conflicts / (conflicts + of('decisions')),
        conflictsBy: samples[0]!.conflicts,
        voids: of('voids'),
        cpuSecondsPer1000: median(cpu.map(sumOf)),
        cpuSecondsPer1000By: Object.fromEntries(byProcess),
      });
    }
  },
};

function rateOf(samples: readonly Sample[]): number {
  return median(samples.map(({ decisions, seconds }) => decisions / seconds));
}

async function measure(values: Values, copies: number): Promise<Sample> {
  const [services, replicas] = [values.number('services'), values.number('replicas')];
  const system = await startSystem();
  await system.startReducers(copies);
  await system.startNodes({ count: values.number('nodes') });
  const running = new Set<string>();
  let decisions = 0;
  const deciders = reducers.map((role) => `muster.event.${role}.`);
  const observer = await observe(system.url, (record) => {
    for (const id of listRunning(record)) running.add(id);
    if (deciders.some((decider) => record.subject.startsWith(decider))) decisions += 1;
  });
  const run = async (name: string, count: number) => {
    const target = running.size + count * replicas;
    const intents = Array.from({ length: count }, (_, index) => ({
      name: `${name}-${index}`,
      body: { ...PLAIN_SERVICE, replicas },
    }));
    await giveAll(observer.log, intents);
    await observer.until(`${target} running tasks`, () => running.size >= target);
  };
  await run('warm', values.number('warm-up'));
  await observer.untilQuiet(REST_MS);
  decisions = 0;
  const refusedBefore = await readConflicts(system.url, copies * reducers.length);
  const before = system.usage();
  const started = preciseNow();
  await run('small', services);
  const seconds = (observer.headTime - started) / 1000;
  const cpuSecondsPer1000 = spentBetween(before, system.usage(), 1000 / (services * replicas));
  const counted = decisions;
  await observer.untilQuiet(REST_MS);
  const refused = await readConflicts(system.url, copies * reducers.length);
  const conflicts = Object.fromEntries(
    Object.entries(refused).map(([role, count]) => [role, count - (refusedBefore[role] ?? 0)]),
  );
  const folded = await startFollower({ log: observer.log, clock: systemClock, logger: silentLogger });
  const voids = folded.state.conflicts;
  await folded.stop();
  await observer.stop();
  await system.stop();
  return { seconds, decisions: counted, conflicts, voids, cpuSecondsPer1000 };
}
