// What the control plane costs when nothing happens: processor time and memory of `muster up`, with its nodes, and of its
// nats-server. What it costs while it works, `start` says.
import { setTimeout as delay } from 'node:timers/promises';
import { startCluster } from '../../harness/cluster.ts';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { readCpuSeconds, readMemory } from '../processes.ts';
import { printResult, say } from '../report.ts';

const SETTLE_MS = 5_000;

export const rest: Bench = {
  summary: 'Processor time and memory of one process with the whole control plane, at rest',
  flags: {
    seconds: { help: 'how long to look', default: '30' },
    nodes: { help: 'simulated nodes in the same process, one run for each', default: '0,3' },
    copies: { help: 'copies of each reducer, one run for each', default: '1,2' },
    tasks: { help: 'tasks that run meanwhile, where there are nodes', default: '100' },
  },
  async run(values) {
    const seconds = values.number('seconds');
    for (const nodes of values.numbers('nodes')) {
      for (const copies of values.numbers('copies')) {
        const cluster = await startCluster();
        atEnd(() => cluster.stop());
        const up = await cluster.start(
          'up',
          '--nodes',
          `${nodes}`,
          '--copies',
          `${copies}`,
          '--backend',
          'simulator',
        );
        const watch = await cluster.watch({ strict: false });
        const tasks = nodes === 0 ? 0 : values.number('tasks');
        if (tasks > 0) {
          await cluster.intend(watch, 'apply', 'web', { image: 'none', replicas: tasks });
          await watch.until(
            'all run',
            ({ state }) => [...state.tasks.values()].filter((task) => task.observed === 512).length === tasks,
          );
        }
        say(`${nodes} nodes, ${copies} copies: looking for ${seconds} s`);
        await delay(SETTLE_MS);
        const before = readCpuSeconds(up.pid);
        await delay(seconds * 1000);
        printResult({
          bench: 'rest',
          nodes,
          copies,
          tasks,
          cpuPercent: (100 * (readCpuSeconds(up.pid) - before)) / seconds,
          memoryMb: readMemory(up.pid),
        });
        await cluster.stop();
      }
    }
  },
};
