// One million tasks on 5,000 simulated nodes, from the first intent to the last RUNNING in the log: the real nats-server, the
// real reducers, real agents with commands of their own. By default a hundredth of it.
import type { Bench } from '../bench.ts';
import { giveAll, PLAIN_SERVICE, preciseNow } from '../intents.ts';
import { listRunning, observe } from '../observe.ts';
import { printResult, say } from '../report.ts';
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
    limit: { help: 'seconds to wait for the last task', default: '900' },
  },
  async run(values) {
    const [tasks, nodes] = [values.number('tasks'), values.number('nodes')];
    const services = values.number('services');
    const copies = values.number('copies');
    const system = await startSystem();
    if (copies === 0) await system.startControl();
    else await system.startReducers(copies);
    const joining = performance.now();
    await system.startNodes({ count: nodes, processes: values.number('split') });
    say(`${nodes} nodes joined after ${((performance.now() - joining) / 1000).toFixed(1)} s`);
    const running = new Set<string>();
    const observer = await observe(
      system.url,
      (record) => {
        for (const id of listRunning(record)) running.add(id);
      },
      { subjects: ['muster.event.agent.node.*'] },
    );
    await observer.untilQuiet(REST_MS);
    const before = system.usage();
    const storedBefore = await system.storedMb();
    const own = process.cpuUsage();
    const progress = setInterval(() => say(`${running.size} running`), SAY_EVERY_MS);
    const started = preciseNow();
    const milestones = milestonesOf(tasks);
    const milestoneSeconds: Record<string, number> = {};
    const intents = Array.from({ length: services }, (_, index) => {
      const replicas = Math.floor(tasks / services) + (index < tasks % services ? 1 : 0);
      return { name: `c1m-${index}`, body: { ...PLAIN_SERVICE, replicas } };
    });
    await giveAll(observer.log, intents);
    try {
      for (const { name, count } of milestones) {
        await observer.until(
          `${count} running tasks`,
          () => running.size >= count,
          values.number('limit') * 1000,
        );
        milestoneSeconds[name] = (observer.headTime - started) / 1000;
      }
    } finally {
      clearInterval(progress);
    }
    const seconds = milestoneSeconds.all!;
    const usage = system.usage();
    const cpuSeconds = spentBetween(before, usage);
    const { user, system: kernel } = process.cpuUsage(own);
    printResult({
      bench: 'c1m',
      n: tasks,
      nodes,
      services,
      copies,
      seconds,
      perSec: tasks / seconds,
      ratioToNomad: tasks / seconds / NOMAD_PER_SEC,
      reachedSeconds: milestoneSeconds,
      cpuSecondsPer1000: (1000 / tasks) * sumOf(cpuSeconds),
      cpuSeconds,
      observerCpuSeconds: (user + kernel) / 1e6,
      peakMb: usage.peakMb,
      records: await observer.log.head(),
      storedMb: (await system.storedMb()) - storedBefore,
    });
    await observer.stop();
    await system.stop();
  },
};

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
