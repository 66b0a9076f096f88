// The limit: create and start, or stop and remove, 16 at once, and nothing else. Starting is bound by the processor from
// 4 at once on; more than 16 gain nothing.
import { readCpuSeconds } from '../processes.ts';
import type { Contender, Network } from './contender.ts';
import type { Engine } from './engine.ts';
import { COMMAND, IMAGE, STOP_SIGNAL } from './image.ts';

const AT_ONCE = 16;

export async function startRaw(engine: Engine): Promise<Contender> {
  const { docker } = engine;

  async function startOne(network: Network): Promise<string> {
    const container = await docker.createContainer({
      Image: IMAGE,
      Cmd: COMMAND,
      StopSignal: STOP_SIGNAL,
      NetworkDisabled: network === 'overlay',
    });
    await container.start();
    return container.id;
  }

  async function endOne(id: string): Promise<void> {
    const container = docker.getContainer(id);
    await container.stop();
    await container.remove({ v: true });
  }

  return {
    name: 'raw',
    start: (count, network) => runAtOnce(Array.from({ length: count }), () => startOne(network)),
    async replaceOne(network) {
      const [victim] = engine.running;
      await docker.getContainer(victim!).kill();
      await engine.until(() => !engine.running.has(victim!));
      const began = (performance.timeOrigin + performance.now()) / 1000;
      const started = engine.until((event) => event?.action === 'start' && event);
      await startOne(network);
      return (await started).at - began;
    },
    async empty() {
      const gone = engine.untilGone();
      await runAtOnce([...engine.running], endOne);
      await gone;
    },
    async clear() {
      await runAtOnce([...engine.existing], (id) => docker.getContainer(id).remove({ v: true }));
      await engine.until(() => engine.existing.size === 0);
    },
    cpuSeconds: () => readCpuSeconds(process.pid),
  };
}

async function runAtOnce<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
