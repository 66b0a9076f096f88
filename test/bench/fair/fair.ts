// Fifty teams ask for a service now and then; and the same while one of them floods the log with intents. How long the
// others wait for a verdict, and from the verdict for a running task. Nothing may be lost.
import type { Bench, Values } from '../bench.ts';
import { giveAll, giveSteadily, PLAIN_SERVICE } from '../intents.ts';
import { createJourneys, type Journey } from '../journeys.ts';
import { observe } from '../observe.ts';
import { printResult, say } from '../report.ts';
import { quantile } from '../statistics.ts';
import { startSystem } from '../system.ts';
import { spentBetween } from '../usage.ts';

const REST_MS = 500;
/** Of the flooding team. */
const IN_FLIGHT = 512;
const FLOOD = 'flood';

export const fair: Bench = {
  summary: 'How long the others wait while one of 50 teams floods the log with intents.',
  flags: {
    teams: { help: 'teams, of which one floods', default: '50' },
    rate: { help: 'intents a second of all the others together', default: '50' },
    seconds: { help: 'for so long', default: '15' },
    flood: { help: 'intents of the flood, spread over that time if the log keeps up', default: '15000' },
    replicas: { help: 'tasks of each service of the flood', default: '1' },
    nodes: { help: 'simulated nodes, in a process of their own', default: '50' },
  },
  async run(values) {
    const calm = await measure(values, 0);
    const flooded = await measure(values, values.number('flood'));
    for (const [system, result] of Object.entries({ calm, flooded })) {
      printResult({
        bench: 'fair',
        system,
        n: result.flood,
        teams: values.number('teams'),
        others: result.others,
        verdictP50Ms: result.verdict.p50,
        verdictP99Ms: result.verdict.p99,
        assignedP50Ms: result.assigned.p50,
        assignedP99Ms: result.assigned.p99,
        runningP50Ms: result.running.p50,
        runningP99Ms: result.running.p99,
        p99RatioToCalm: result.total.p99 / calm.total.p99,
        floodStoredPerSec: result.flood > 0 ? result.flood / result.storedSeconds : undefined,
        floodJudgedPerSec: result.flood > 0 ? result.flood / result.judgedSeconds : undefined,
        floodRunSeconds: result.flood > 0 ? result.ranSeconds : undefined,
        cpuSeconds: result.cpuSeconds,
        peakMb: result.peakMb,
      });
    }
  },
};

interface Spread {
  readonly p50: number;
  readonly p99: number;
}

async function measure(values: Values, flood: number) {
  const system = await startSystem();
  await system.startControl();
  await system.startNodes({ count: values.number('nodes') });
  const journeys = createJourneys();
  const observer = await observe(system.url, journeys.note);
  await observer.untilQuiet(REST_MS);
  const before = system.usage();
  const seconds = values.number('seconds');
  const others = values.number('teams') - 1;
  const pace = giveSteadily(observer.log, 1000 / values.number('rate'), (index) => ({
    team: `team-${index % others}`,
    name: `calm-${index}`,
  }));
  const started = performance.now();
  const body = { ...PLAIN_SERVICE, replicas: values.number('replicas') };
  const intents = Array.from({ length: flood }, (_, index) => ({ team: FLOOD, name: `f-${index}`, body }));
  let storedSeconds = 0;
  const flooding = giveAll(observer.log, throttle(intents, flood / seconds, started), IN_FLIGHT).then(() => {
    storedSeconds = (performance.now() - started) / 1000;
  });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  await Promise.all([pace.stop(), flooding]);
  const count = pace.given + flood;
  // Nothing that was stored may be without an answer, or a task.
  await observer.until(`${count} verdicts`, () => journeys.counts.verdicts >= count);
  await observer.until(`${count} running tasks`, () => journeys.counts.running >= count);
  const calm = journeys.all.filter(({ team }) => team !== FLOOD);
  const flooded = journeys.all.filter(({ team }) => team === FLOOD);
  if (calm.length !== pace.given || flooded.length !== flood) throw new Error('intents were lost');
  const between = (from: (one: Journey) => number, to: (one: Journey) => number): Spread => {
    const waits = calm.map((one) => to(one) - from(one));
    return { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) };
  };
  const givenAt = ({ name }: Journey) => pace.givenAt.get(name)!;
  const first = Math.min(...flooded.slice(0, IN_FLIGHT).map(({ storedAt }) => storedAt));
  const lasted = (field: 'verdictAt' | 'runningAt') =>
    (flooded.reduce((last, one) => Math.max(last, one[field]!), 0) - first) / 1000;
  const result = {
    flood,
    others: calm.length,
    verdict: between(givenAt, (one) => one.verdictAt!),
    assigned: between(
      (one) => one.verdictAt!,
      (one) => one.assignedAt!,
    ),
    running: between(
      (one) => one.verdictAt!,
      (one) => one.runningAt!,
    ),
    total: between(givenAt, (one) => one.runningAt!),
    storedSeconds,
    judgedSeconds: lasted('verdictAt'),
    ranSeconds: lasted('runningAt'),
    cpuSeconds: spentBetween(before, system.usage()),
    peakMb: system.usage().peakMb,
  };
  say(
    `${flood} intents of a flood: the others waited ${result.verdict.p99.toFixed(0)} ms for a verdict (p99)`,
  );
  await observer.stop();
  await system.stop();
  return result;
}

/** No faster than so many a second: who takes one before its time waits, and the others with it. */
async function* throttle<T>(items: readonly T[], perSec: number, started: number): AsyncGenerator<T> {
  for (const [index, item] of items.entries()) {
    const early = started + (1000 * index) / perSec - performance.now();
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
    yield item;
  }
}
