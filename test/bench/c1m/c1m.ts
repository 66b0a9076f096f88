// One million tasks on 5,000 simulated nodes, from the first intent to the last RUNNING in the log: the real nats-server, the
// real reducers, real agents with commands of their own. By default a hundredth of it.
import type { Bench, Values } from '../bench.ts';
import { giveAll, giveIntent, PLAIN_SERVICE, preciseNow } from '../intents.ts';
import { listRunning, type Observer, observe } from '../observe.ts';
import { printResult, say } from '../report.ts';
import { quantile } from '../statistics.ts';
import { startSystem } from '../system.ts';
import { spentBetween, sumOf } from '../usage.ts';

/** Nomad, 5 servers and 5,000 hosts: under 5 minutes. */
const NOMAD_PER_SEC = 3750;
const REST_MS = 1000;
const SAY_EVERY_MS = 5000;

export const c1m: Bench = {
  summary: 'A million tasks (or fewer) on 5,000 simulated nodes, from the first intent to the last RUNNING.',
  flags: {
    tasks: { help: 'tasks', default: '10000' },
    nodes: { help: 'simulated nodes', default: '50' },
    services: { help: 'services that share the tasks', default: '10' },
    split: { help: 'processes for the nodes', default: '1' },
    copies: { help: 'copies of each reducer, each in its own process; 0 for all in one', default: '0' },
    history: { help: 'how many times all of it has been there and was removed before', default: '0' },
    'warm-up': { help: 'tasks of a service that comes and goes first of all', default: '0' },
    single: { help: 'services of one task, one after the other, once all tasks run', default: '20' },
    limit: { help: 'seconds to wait for the last task', default: '900' },
  },
  run: measure,
};

/** The tasks that run, as the nodes tell it. */
interface Sight {
  readonly observer: Observer;
  readonly running: Set<string>;
}

async function measure(values: Values): Promise<void> {
  const [tasks, nodes] = [values.number('tasks'), values.number('nodes')];
  const [services, copies] = [values.number('services'), values.number('copies')];
  const system = await startSystem();
  if (copies === 0) await system.startControl();
  else await system.startReducers(copies);
  const joining = performance.now();
  await system.startNodes({ count: nodes, processes: values.number('split') });
  say(`${nodes} nodes joined after ${((performance.now() - joining) / 1000).toFixed(1)} s`);
  const sight = await watchNodes(system.url);
  const { observer, running } = sight;
  const limit = values.number('limit') * 1000;
  const warmUp = values.number('warm-up');
  if (warmUp > 0) await comeAndGo(sight, [{ name: 'warm-up', replicas: warmUp }], limit);
  const wanted = [...shareTasks(tasks, services)];
  for (let time = 0; time < values.number('history'); time += 1) await comeAndGo(sight, wanted, limit);
  await observer.untilQuiet(REST_MS);
  const before = system.usage();
  const [storedBefore, recordsBefore] = [await system.storedMb(), await observer.log.head()];
  const own = process.cpuUsage();
  const progress = setInterval(() => say(`${running.size} running, ${observer.head} records`), SAY_EVERY_MS);
  const started = preciseNow();
  const reachedSeconds: Record<string, number> = {};
  const giving = giveAll(observer.log, wanted.map(describe));
  try {
    for (const { name, count } of milestonesOf(tasks)) {
      await untilRunning(sight, count, limit);
      reachedSeconds[name] = (observer.headTime - started) / 1000;
    }
  } finally {
    clearInterval(progress);
  }
  await giving;
  const usage = system.usage();
  const cpuSeconds = spentBetween(before, usage);
  const { user, system: kernel } = process.cpuUsage(own);
  await observer.untilQuiet(REST_MS);
  const stored = (await system.storedMb()) - storedBefore;
  const records = (await observer.log.head()) - recordsBefore;
  const latencies = await measureSingles(sight, values.number('single'));
  const seconds = reachedSeconds.all!;
  printResult({
    bench: 'c1m',
    n: tasks,
    nodes,
    services,
    copies,
    history: values.number('history'),
    seconds,
    perSec: tasks / seconds,
    ratioToNomad: tasks / seconds / NOMAD_PER_SEC,
    reachedSeconds,
    cpuSecondsPer1000: (1000 / tasks) * sumOf(cpuSeconds),
    cpuSeconds,
    observerCpuSeconds: (user + kernel) / 1e6,
    peakMb: usage.peakMb,
    records,
    storedMb: stored,
    ...(latencies.length > 0 && {
      singleP50Ms: quantile(latencies, 0.5),
      singleP99Ms: quantile(latencies, 0.99),
    }),
  });
  await observer.stop();
  await system.stop();
}

async function watchNodes(url: string): Promise<Sight> {
  const running = new Set<string>();
  const observer = await observe(
    url,
    (record) => {
      for (const id of listRunning(record)) running.add(id);
    },
    { subjects: ['muster.event.agent.node.*'] },
  );
  return { observer, running };
}

function untilRunning({ observer, running }: Sight, count: number, limitMs: number): Promise<void> {
  return observer.until(`${count} running tasks`, () => running.size >= count, limitMs);
}

interface Wanted {
  readonly name: string;
  readonly replicas: number;
}

function describe({ name, replicas }: Wanted) {
  return { name, body: { ...PLAIN_SERVICE, replicas } };
}

async function comeAndGo(sight: Sight, wanted: readonly Wanted[], limitMs: number): Promise<void> {
  const { observer, running } = sight;
  const tasks = wanted.reduce((sum, { replicas }) => sum + replicas, 0);
  await giveAll(observer.log, wanted.map(describe));
  await untilRunning(sight, tasks, limitMs);
  const removals = wanted.map(({ name }) => ({ verb: 'remove', name, body: {} }));
  await giveAll(observer.log, removals);
  await observer.untilQuiet(REST_MS);
  running.clear();
  say(`${tasks} tasks came and went: ${await observer.log.head()} records`);
}

function* shareTasks(tasks: number, services: number): Generator<Wanted> {
  for (let index = 0; index < services; index += 1) {
    const replicas = Math.floor(tasks / services) + (index < tasks % services ? 1 : 0);
    yield { name: `c1m-${index}`, replicas };
  }
}

/** What one more task takes when so many are there already. */
async function measureSingles({ observer, running }: Sight, count: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const wanted = running.size + 1;
    const started = preciseNow();
    await giveIntent(observer.log, { name: `single-${index}` });
    await observer.until('one more task', () => running.size >= wanted);
    latencies.push(preciseNow() - started);
  }
  return latencies;
}

/** Whether it goes as fast in the end as in the beginning. */
function milestonesOf(tasks: number) {
  return [
    { name: 'first', count: 1 },
    { name: 'quarter', count: Math.ceil(tasks / 4) },
    { name: 'half', count: Math.ceil(tasks / 2) },
    { name: 'threeQuarters', count: Math.ceil((3 * tasks) / 4) },
    { name: 'all', count: tasks },
  ];
}
