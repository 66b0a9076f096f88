// How it grows: the same cluster with ten and a hundred times as many tasks, nodes and services, and with ten times as long a
// history; one thing at a time. Each is a run of `c1m`, in a process of its own.
import type { Bench } from '../bench.ts';
import { printResult, say } from '../report.ts';
import { runBench } from '../run-bench.ts';

/** What stays as it is while one thing grows. */
const base = { tasks: 10_000, nodes: 100, services: 100, history: 0 };
/** Young processes are slower, and that is not what is asked. */
const WARM_UP = 10_000;

export const growth: Bench = {
  summary: 'How rate, latency and cost grow with tasks, nodes, services and history, one thing at a time.',
  flags: {
    tasks: { help: 'tasks', default: '1000,10000,100000' },
    nodes: { help: 'simulated nodes', default: '10,100,1000' },
    services: { help: 'services that share the tasks', default: '10,100,1000' },
    history: { help: 'how many times all of it was there before', default: '0,9' },
    single: { help: 'services of one task in each run, for the latency', default: '100' },
    rounds: { help: 'runs of each; every one of them is printed', default: '1' },
  },
  async run(values) {
    for (const by of ['tasks', 'nodes', 'services', 'history'] as const) {
      const sizes = values.numbers(by);
      for (const size of sizes) {
        const flags = { ...base, [by]: size, 'warm-up': WARM_UP, single: values.number('single') };
        for (let round = 1; round <= values.number('rounds'); round += 1) {
          say(`${by}: ${size}`);
          const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
          for (const result of await runBench('c1m', args)) {
            // History is counted from the first time.
            const factor = by === 'history' ? 1 + size : size / sizes[0]!;
            printResult({ ...result, bench: 'growth', by, factor });
          }
        }
      }
    }
  },
};
