// A service of Docker Swarm's, on the same engine turned into a swarm of one for as long as it takes.
import type { PrivateEngine } from '../../harness/private-engine.ts';
import { connectEngine, pollUntil, timed } from './engine-api.ts';
import { IMAGE, STOP_SIGNAL } from './image.ts';
import type { Contender } from './start.ts';

const POLL_MS = 50;

export async function startSwarm({ host }: PrivateEngine): Promise<Contender> {
  const docker = connectEngine(host);
  await docker.swarmInit({
    ListenAddr: '127.0.0.1:24377',
    AdvertiseAddr: '127.0.0.1',
    DataPathAddr: '127.0.0.1',
  });
  const filters = { label: ['com.docker.swarm.service.name=bench'] };
  const countRunning = async () => {
    const tasks = (await docker.listTasks({
      filters: { service: ['bench'], 'desired-state': ['running'] },
    })) as {
      Status?: { State?: string };
    }[];
    return tasks.filter((task) => task.Status?.State === 'running').length;
  };
  let wanted = 0;
  return {
    name: 'swarm',
    async start(count) {
      wanted = count;
      return timed(async () => {
        await docker.createService({
          Name: 'bench',
          TaskTemplate: {
            ContainerSpec: { Image: IMAGE, StopSignal: STOP_SIGNAL },
            RestartPolicy: { Condition: 'any', Delay: 0 },
          },
          Mode: { Replicated: { Replicas: count } },
        });
        await pollUntil(async () => (await countRunning()) === count, POLL_MS);
      });
    },
    async replaceOne() {
      const [victim] = await docker.listContainers({ filters });
      return timed(async () => {
        await docker.getContainer(victim!.Id).kill();
        await pollUntil(async () => (await countRunning()) < wanted, 5);
        await pollUntil(async () => (await countRunning()) === wanted, 5);
      });
    },
    remove: () =>
      timed(async () => {
        await docker.getService('bench').remove();
        await pollUntil(
          async () => (await docker.listContainers({ all: true, filters })).length === 0,
          POLL_MS,
        );
      }),
    cpuSeconds: () => 0,
    async stop() {
      await docker.swarmLeave({ force: true });
    },
  };
}
