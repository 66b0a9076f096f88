// Two networks and who is on them, for tests: read as the agent would have written them.
import type { Directory } from './directory.ts';
import type { Askers, NetworkNames } from './forms.ts';
import { readAskers, readNetwork } from './read-files.ts';

export const front: NetworkNames = {
  v: 1,
  network: 'front1',
  name: 'Front',
  subnets: ['10.0.3.0/24', 'fd00:3::/64'],
  names: {
    Web: ['10.0.3.2'],
    'tasks.web': ['10.0.3.7', '10.0.3.8', '10.0.3.9'],
    'api.example.com': ['10.0.3.4'],
    dual: ['10.0.3.5', 'FD00:3:0::5'],
    six: ['fd00:3::6'],
    asleep: [],
    shared: ['10.0.3.20'],
  },
  hosts: { '10.0.3.7': 'web.1.abc', 'fd00:3:0:0::6': 'six.1.def' },
};

export const back: NetworkNames = {
  v: 1,
  network: 'back1',
  name: 'back',
  subnets: ['10.0.4.0/24'],
  internal: true,
  names: { db: ['10.0.4.2'], shared: ['10.0.4.20'], asleep: ['10.0.4.30'] },
  hosts: { '10.0.4.7': 'db.1.ghi' },
};

export const askers: Askers = {
  v: 1,
  askers: {
    '10.0.3.7': { networks: ['front1'] },
    '10.0.4.7': { networks: ['back1'] },
    '10.0.3.9': { networks: ['back1', 'front1'], nameservers: ['10.9.9.9'] },
    '10.0.3.8': { networks: ['front1', 'later1'] },
    'fd00:3:0::6': { networks: ['front1'] },
  },
};

export const directory: Directory = {
  networks: new Map([front, back].map((network) => [network.network, readAll(network)])),
  askers: run(readAskers(JSON.stringify(askers))),
};

function readAll(network: NetworkNames) {
  return run(readNetwork(JSON.stringify(network), network.network));
}

export function run<Result>(steps: Iterator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
