// The peer: a service of Docker Swarm's on an engine of its own, a swarm of one.
import type { Contender, Network } from './contender.ts';
import type { Engine } from './engine.ts';
import { COMMAND, IMAGE, STOP_SIGNAL } from './image.ts';
import { killAndAwaitNext } from './replacement.ts';

const SERVICE = 'bench';
const OVERLAY = 'overlay';
const POLL_MS = 20;

export async function startSwarm(engine: Engine): Promise<Contender> {
  const { docker } = engine;
  await docker.swarmInit({ ListenAddr: '127.0.0.1', AdvertiseAddr: '127.0.0.1' });

  let hasOverlay = false;
  let attached: Network = 'bridge';

  function describe(replicas: number) {
    return {
      Name: SERVICE,
      TaskTemplate: {
        ContainerSpec: { Image: IMAGE, Args: COMMAND, StopSignal: STOP_SIGNAL },
        RestartPolicy: { Condition: 'any', Delay: 0 },
        ...(attached === 'overlay' && { Networks: [{ Target: OVERLAY }] }),
      },
      Mode: { Replicated: { Replicas: replicas } },
    };
  }

  async function countRunning(): Promise<number> {
    const filters = { service: [SERVICE], 'desired-state': ['running'] };
    const tasks: { Status?: { State?: string } }[] = await docker.listTasks({ filters });
    return tasks.filter((task) => task.Status?.State === 'running').length;
  }

  return {
    name: 'swarm',
    async prepare(network) {
      if (network !== 'overlay' || hasOverlay) return;
      await docker.createNetwork({ Name: OVERLAY, Driver: 'overlay' });
      hasOverlay = true;
    },
    async start(count, network) {
      attached = network;
      await docker.createService(describe(count));
      // Asking costs the engine more than telling, so it isn't asked before the last container runs.
      await engine.until(() => engine.running.size === count);
      while ((await countRunning()) < count) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    },
    replaceOne: () => killAndAwaitNext(engine),
    async empty() {
      const gone = engine.untilGone();
      const service = docker.getService(SERVICE);
      const { Version: version } = await service.inspect();
      await service.update({ version: version.Index, ...describe(0) });
      await gone;
    },
    async clear() {
      await docker.getService(SERVICE).remove();
      await engine.until(() => engine.existing.size === 0);
    },
    cpuSeconds: () => 0,
  };
}
