// A service of muster's: nats-server, the whole control plane and one node's agent in one process, as `muster up` runs.
import { nameTaskState, TaskState } from '@muster/model';
import { startCluster } from '../../harness/cluster.ts';
import type { PrivateEngine } from '../../harness/private-engine.ts';
import { readCpuSeconds } from '../processes.ts';
import { connectEngine, pollUntil, timed } from './engine-api.ts';
import { IMAGE, STOP_SIGNAL } from './image.ts';
import type { Contender } from './start.ts';

const LIMIT_MS = 300_000;
const RUNNING = nameTaskState(TaskState.RUNNING);

export async function startMuster({ host }: PrivateEngine): Promise<Contender> {
  const name = `bench-${process.pid}-${Date.now()}`;
  const cluster = await startCluster({ env: { DOCKER_HOST: host } });
  const up = await cluster.start('up', '--nodes', '1', '--cluster', name, '--rm');
  const watch = await cluster.watch({ strict: false });
  const docker = connectEngine(host);
  const filters = { label: [`muster.cluster=${name}`] };
  /** Tasks reported running in the log, which is when a user knows. */
  const countRunning = () =>
    [...watch.state.tasks.values()].filter((task) => nameTaskState(task.observed) === RUNNING).length;
  let wanted = 0;
  return {
    name: 'muster',
    async start(count) {
      wanted = count;
      const spec = { image: IMAGE, replicas: count, stopSignal: STOP_SIGNAL, restart: { delay: 0 } };
      return timed(async () => {
        await cluster.intend(watch, 'apply', 'web', spec);
        await watch.until(`${count} tasks run`, () => countRunning() === count, LIMIT_MS);
      });
    },
    async replaceOne() {
      const [victim] = await docker.listContainers({ filters });
      return timed(async () => {
        await docker.getContainer(victim!.Id).kill();
        const reports = watch.events('tasks.reported').length;
        await watch.until(
          'another runs in its place',
          () =>
            watch
              .events('tasks.reported')
              .slice(reports)
              .some(({ event }) => event.statuses.some(({ state }) => state === RUNNING)) &&
            countRunning() === wanted,
          LIMIT_MS,
        );
      });
    },
    remove: () =>
      timed(async () => {
        await cluster.intend(watch, 'remove', 'web');
        await watch.until('all are stopped', () => countRunning() === 0, LIMIT_MS);
        await pollUntil(async () => (await docker.listContainers({ all: true, filters })).length === 0, 100);
      }),
    cpuSeconds: () => readCpuSeconds(up.pid),
    async stop() {
      await up.stop();
      await cluster.stop();
    },
  };
}
