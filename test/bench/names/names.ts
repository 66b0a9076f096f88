// Names: what the resolver of a node answers, beside a process that sends every datagram back as it came, which is all that
// Node can do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeAskers, storeNetworkNames } from '@muster/resolver';
import { startRole } from '../../harness/role-process.ts';
import type { Bench, Values } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { readCpuSeconds, readMemory } from '../processes.ts';
import { printResult, say } from '../report.ts';
import { quantile } from '../statistics.ts';
import { tie } from '../tie.ts';
import { openLoad } from './load.ts';
import { listAskers, nameService, populate, writeQuery } from './population.ts';

interface Answering {
  readonly pid: number;
  readonly port: number;
}

const ECHO = `
const socket = require('node:dgram').createSocket({ type: 'udp4', recvBufferSize: 4194304, lookup: (n, o, d) => d(null, n, 4) });
socket.on('message', (message, { port, address }) => socket.send(message, port, address));
socket.bind(0, '127.0.0.1', () => console.log(socket.address().port));`;

export const names: Bench = {
  summary: 'Names: queries a second that the resolver of a node answers, and how long each takes.',
  flags: {
    services: { help: 'services on one network', default: '1000' },
    tasks: { help: 'their tasks', default: '10000' },
    askers: { help: 'addresses that ask', default: '50' },
    outstanding: { help: 'questions on their way, where as many as possible are asked', default: '64' },
    rate: { help: 'questions a second, where they are asked evenly', default: '20000' },
    seconds: { help: 'seconds of each', default: '5' },
    share: { help: 'of 100 questions, how many are for all tasks of a service', default: '10' },
  },
  async run(values) {
    for (const [system, start] of [
      ['echo', startEcho],
      ['muster', startResolver],
    ] as const) {
      say(`${system}: starting`);
      await measure(system, await start(values), values);
    }
  },
};

async function measure(system: string, { pid, port }: Answering, values: Values): Promise<void> {
  const [services, seconds] = [values.number('services'), values.number('seconds')];
  const load = await openLoad(port, values.number('askers'), listQueries(services, values.number('share')));
  try {
    // Until what it runs is compiled.
    await load.flood(values.number('outstanding'), Math.min(2, seconds));
    const before = readCpuSeconds(pid);
    const { answered, seconds: took } = await load.flood(values.number('outstanding'), seconds);
    const cpuSeconds = readCpuSeconds(pid) - before;
    const rate = values.number('rate');
    const { waits, lost } = await load.pace(rate, seconds);
    printResult({
      bench: 'names',
      n: services,
      system,
      tasks: values.number('tasks'),
      perSecond: answered / took,
      // A small run uses less than the kernel's clock tells apart.
      perCore: cpuSeconds > 0 ? answered / cpuSeconds : undefined,
      rate,
      p50Ms: quantile(waits, 0.5),
      p99Ms: quantile(waits, 0.99),
      lost,
      rssMb: readMemory(pid),
    });
  } finally {
    load.close();
  }
}

function listQueries(services: number, share: number): Buffer[] {
  return Array.from({ length: Math.max(100, services) }, (_, index) => {
    const name = nameService((index * 7) % services);
    return writeQuery(index % 100 < share ? `tasks.${name}` : name);
  });
}

async function startEcho(): Promise<Answering> {
  const child = spawn(...tie([process.execPath, '-e', ECHO]), { stdio: ['ignore', 'pipe', 'inherit'] });
  atEnd(() => child.kill());
  const [port] = await once(child.stdout, 'data');
  return { pid: child.pid!, port: Number(String(port)) };
}

async function startResolver(values: Values): Promise<Answering> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-names-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  await storeNetworkNames(folder, populate(values.number('services'), values.number('tasks')));
  await storeAskers(folder, listAskers(values.number('askers')));
  const started = await startRole(['resolver', '--listen', '127.0.0.1:0', '--names', folder]);
  atEnd(() => started.stop());
  const { addresses } = started.log.find(({ msg }) => msg === 'ready') as unknown as { addresses: string[] };
  return { pid: started.pid, port: Number(addresses[0]!.split(':').at(-1)) };
}
