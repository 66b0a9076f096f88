// The limit: create and start, 16 at once, and nothing else.
import type Docker from 'dockerode';
import type { PrivateEngine } from '../../harness/private-engine.ts';
import { connectEngine, runAtOnce, timed } from './engine-api.ts';
import { IMAGE, STOP_SIGNAL } from './image.ts';
import type { Contender } from './start.ts';

export async function startRaw({ host }: PrivateEngine): Promise<Contender> {
  const docker = connectEngine(host);
  const containers: Docker.Container[] = [];
  async function startOne(): Promise<void> {
    const container = await docker.createContainer({
      Image: IMAGE,
      StopSignal: STOP_SIGNAL,
      Labels: { bench: 'raw' },
    });
    await container.start();
    containers.push(container);
  }
  return {
    name: 'raw',
    start: (count) => timed(() => runAtOnce(count, startOne)),
    replaceOne: () => timed(startOne),
    remove: () =>
      timed(() =>
        runAtOnce(containers.length, async (index) => {
          await containers[index]!.stop();
          await containers[index]!.remove({ v: true });
        }),
      ),
    cpuSeconds: () => 0,
    stop: async () => undefined,
  };
}
