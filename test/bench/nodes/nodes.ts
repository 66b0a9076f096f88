// Simulated nodes in one process, over a few connections, for the other benchmarks: real agents, and tasks that take
// no time. Prints "ready" and lives until it is told to stop.
import { randomUUID } from 'node:crypto';
import { type Agent, createMemoryStorage, startAgent } from '@muster/agent';
import { createBackend } from '@muster/backends';
import { ensureStreams, JetStreamCommandStore, JetStreamLog } from '@muster/log';
import { deriveId } from '@muster/model';
import { connectNats, NatsBus, silentLogger, systemClock } from '@muster/runtime';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';

const CLUSTER = 'bench';
const NODES_PER_CONNECTION = 100;
/** Large enough for what the benchmarks give them. */
const RESOURCES = { nanoCpus: 1024e9, memoryBytes: 4 * 1024 ** 4 };

export const nodes: Bench = {
  summary: 'Internal: simulated nodes for the other benchmarks, until they are stopped.',
  flags: {
    nats: { help: 'the server', default: '' },
    count: { help: 'nodes', default: '1' },
    first: { help: 'number of the first one', default: '0' },
    heartbeat: { help: 'period of heartbeats, in ms', default: '5000' },
  },
  async run(values) {
    const [first, count] = [values.number('first'), values.number('count')];
    const heartbeatMs = values.number('heartbeat');
    for (let index = first; index < first + count; index += NODES_PER_CONNECTION) {
      const share = Math.min(NODES_PER_CONNECTION, first + count - index);
      await startSome(values.text('nats'), { first: index, count: share, heartbeatMs });
    }
    process.stdout.write('ready\n');
    await new Promise(() => undefined);
  },
};

async function startSome(
  url: string,
  { first, count, heartbeatMs }: { first: number; count: number; heartbeatMs: number },
): Promise<void> {
  const nc = await connectNats(url, { name: `bench-nodes-${first}`, waitMs: 10_000 });
  await ensureStreams(nc);
  const log = new JetStreamLog(nc);
  const commands = new JetStreamCommandStore(nc);
  const bus = new NatsBus(nc);
  const agents = await Promise.all(
    Array.from({ length: count }, async (_, offset): Promise<Agent> => {
      const number = first + offset;
      const nodeId = deriveId('bench-node', number);
      const nodeHostname = `node${number + 1}`;
      const options = {
        clusterName: CLUSTER,
        nodeId,
        nodeHostname,
        clock: systemClock,
        resources: RESOURCES,
      };
      return startAgent({
        nodeId,
        clusterName: CLUSTER,
        backend: await createBackend('simulator', options),
        log,
        commands,
        bus,
        clock: systemClock,
        logger: silentLogger,
        labels: { zone: `z${number % 3}` },
        storage: createMemoryStorage(),
        session: randomUUID(),
        random: Math.random,
        heartbeatMs,
      });
    }),
  );
  atEnd(async () => {
    for (const agent of agents) agent.kill();
    await nc.close();
  });
  await Promise.all(agents.map(({ ready }) => ready));
}
