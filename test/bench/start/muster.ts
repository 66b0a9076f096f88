// A service of muster's: nats-server, and the whole control plane and one node's agent in one process.
import { TaskState } from '@muster/model';
import { watchLog } from '../../harness/watch.ts';
import { atEnd } from '../cleanup.ts';
import { startControlPlane } from '../control-plane.ts';
import { readCpuSeconds } from '../processes.ts';
import type { Contender, Network } from './contender.ts';
import type { Engine } from './engine.ts';
import { COMMAND, IMAGE, STOP_SIGNAL } from './image.ts';
import { killAndAwaitNext } from './replacement.ts';

const LIMIT_MS = 300_000;
const SERVICE = 'bench';
const OVERLAY = 'bench';

export async function startMuster(engine: Engine): Promise<Contender> {
  const plane = await startControlPlane({
    args: ['--nodes', '1', '--rm'],
    env: { DOCKER_HOST: engine.host },
  });
  const watch = await watchLog(plane.url, { strict: false });
  atEnd(() => watch.stop());

  /** Tasks that run as far as the log knows, which is when a user does. */
  function countRunning(): number {
    let count = 0;
    for (const { observed } of watch.state.tasks.values()) if (observed === TaskState.RUNNING) count += 1;
    return count;
  }

  let hasOverlay = false;
  async function prepare(network: Network): Promise<void> {
    if (network !== 'overlay' || hasOverlay) return;
    const isAble = () =>
      [...watch.state.nodes.values()].some(({ description }) => description.networks?.includes('overlay'));
    await watch.until('a node with networks', () => watch.state.wireVersion >= 2 && isAble(), LIMIT_MS);
    await plane.intend('create', OVERLAY, { driver: 'overlay' }, 'network');
    hasOverlay = true;
  }

  return {
    name: 'muster',
    prepare,
    async start(count, network) {
      await plane.intend('apply', SERVICE, {
        image: IMAGE,
        args: COMMAND,
        stopSignal: STOP_SIGNAL,
        restart: { delay: 0 },
        replicas: count,
        ...(network === 'overlay' && { networks: [OVERLAY] }),
      });
      await watch.until(`${count} tasks run`, () => countRunning() === count, LIMIT_MS);
    },
    replaceOne: () => killAndAwaitNext(engine),
    async empty() {
      const gone = engine.untilGone();
      await plane.intend('scale', SERVICE, { replicas: 0 });
      await gone;
    },
    async clear() {
      await plane.intend('remove', SERVICE);
      await watch.until('the service is gone', ({ state }) => state.services.size === 0, LIMIT_MS);
      await engine.until(() => engine.existing.size === 0);
    },
    cpuSeconds: () => readCpuSeconds(plane.pid) + readCpuSeconds(plane.natsPid),
  };
}
