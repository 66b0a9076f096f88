// From something that dies to the system doing the right thing about it: a container, a node, a reducer, a nats-server.
import type { Bench } from '../bench.ts';
import { reactToContainers } from './containers.ts';
import { reactToNodes } from './nodes.ts';
import { reactToReducers } from './reducers.ts';
import { reactToServers } from './servers.ts';

const parts = {
  container: reactToContainers,
  node: reactToNodes,
  reducer: reactToReducers,
  server: reactToServers,
};

export const react: Bench = {
  summary: 'From the death of a container, a node, a reducer or a nats-server to the right thing being done.',
  flags: {
    parts: { help: 'what dies', default: Object.keys(parts).join(',') },
    kills: { help: 'containers killed', default: '20' },
    rounds: { help: 'rounds of everything else, of which the median counts', default: '3' },
    heartbeat: {
      help: 'period of heartbeats, in ms: three of them missed mean a dead node',
      default: '1000',
    },
    tasks: { help: 'tasks of the service whose node dies', default: '30' },
    rate: { help: 'services a second while a reducer or a server dies', default: '50' },
    seconds: { help: 'how long before and after it', default: '4' },
    servers: { help: 'nats-servers that die, by what they are to the log', default: 'follower,leader' },
    victims: { help: 'reducers that die', default: 'orchestrator,allocator,scheduler,dispatcher' },
  },
  async run(values) {
    for (const name of values.words('parts')) {
      const part = parts[name as keyof typeof parts];
      if (!part) throw new Error(`--parts ${name}: there are ${Object.keys(parts).join(', ')}`);
      await part(values);
    }
  },
};
