// What the control plane costs when nothing happens: processor time and memory of `muster up`, with its nodes, and of its
// nats-server. What it costs while it works, `start` says.
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { startControlPlane } from '../control-plane.ts';
import { readCpuSeconds, readMemory } from '../processes.ts';
import { printResult, say } from '../report.ts';
import { startEngine } from '../start/engine.ts';
import { buildImages, COMMAND, IMAGE, STOP_SIGNAL } from '../start/image.ts';

const REPLICAS_PER_NODE = 3;

export const rest: Bench = {
  summary: 'Processor time and memory of the control plane in one process, at rest.',
  flags: {
    nodes: { help: 'nodes in the same process; one series for each', default: '0,3' },
    backend: { help: 'what the nodes run: docker or simulator', default: 'docker' },
    copies: { help: 'copies of each reducer', default: '1' },
    settle: { help: 'seconds until it counts as being at rest', default: '10' },
    seconds: { help: 'seconds to look', default: '30' },
  },
  async run(values) {
    const [backend, copies] = [values.text('backend'), values.text('copies')];
    const needsEngine = backend === 'docker' && values.numbers('nodes').some((nodes) => nodes > 0);
    const engine = needsEngine ? await startEngine() : undefined;
    if (engine) await buildImages(engine.host);
    for (const nodes of values.numbers('nodes')) {
      const plane = await startControlPlane({
        args: ['--nodes', String(nodes), '--backend', backend, '--copies', copies, '--rm'],
        ...(engine && { env: { DOCKER_HOST: engine.host } }),
      });
      const tasks = nodes * REPLICAS_PER_NODE;
      if (tasks > 0) {
        await plane.intend('apply', 'web', {
          image: IMAGE,
          args: COMMAND,
          stopSignal: STOP_SIGNAL,
          replicas: tasks,
        });
        await engine?.until(() => engine.running.size === tasks);
      }
      say(`${nodes} nodes, ${tasks} tasks: settling, then looking for ${values.number('seconds')} s`);
      await delay(values.number('settle') * 1000);
      const processes = { muster: plane.pid, 'nats-server': plane.natsPid };
      const before = Object.values(processes).map(readCpuSeconds);
      const started = performance.now();
      await delay(values.number('seconds') * 1000);
      const seconds = (performance.now() - started) / 1000;
      for (const [index, [system, pid]] of Object.entries(processes).entries()) {
        printResult({
          bench: 'rest',
          n: nodes,
          system,
          seconds,
          tasks,
          copies: Number(copies),
          cpuPercent: (100 * (readCpuSeconds(pid) - before[index]!)) / seconds,
          rssMb: readMemory(pid),
        });
      }
      await plane.stop();
    }
  },
};
