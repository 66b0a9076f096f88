// Simulated nodes in one process for the other benchmarks, as `muster agent --count` has them: real agents, whose tasks take
// no time and whose machines are never full. Prints "ready" and lives until it is told to stop.
import { startSimulatedNodes } from '@muster/agent';
import { ensureStreams, JetStreamCommandStore, JetStreamLog } from '@muster/log';
import { connectNats, NatsBus, silentLogger, systemClock } from '@muster/runtime';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';

const CLUSTER = 'bench';
const RESOURCES = { nanoCpus: 1024e9, memoryBytes: 4 * 1024 ** 4 };
const ZONES = 10;

export const nodes: Bench = {
  summary: 'Internal: simulated nodes for the other benchmarks, until they are stopped.',
  flags: {
    nats: { help: 'the server', default: '' },
    count: { help: 'nodes', default: '1' },
    first: { help: 'number of the first one', default: '0' },
    heartbeat: { help: 'period of heartbeats, in ms', default: '5000' },
  },
  async run(values) {
    const first = values.number('first');
    const nc = await connectNats(values.text('nats'), { name: `bench-nodes-${first}` });
    await ensureStreams(nc);
    const agents = await startSimulatedNodes({
      ownerId: `bench-${first}`,
      isNew: true,
      count: values.number('count'),
      clusterName: CLUSTER,
      log: new JetStreamLog(nc),
      commands: new JetStreamCommandStore(nc),
      bus: new NatsBus(nc),
      clock: systemClock,
      logger: silentLogger,
      random: Math.random,
      heartbeatMs: values.number('heartbeat'),
      hostnameOf: (index) => `node${first + index + 1}`,
      labelsOf: (index) => ({ zone: `z${(first + index) % ZONES}` }),
      resources: RESOURCES,
    });
    atEnd(async () => {
      for (const agent of agents) agent.kill();
      await nc.close();
    });
    process.stdout.write('ready\n');
    await new Promise(() => undefined);
  },
};
