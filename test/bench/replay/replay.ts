// How fast a log of a million events becomes state, beside the limits of the client that reads it.
import { deepStrictEqual } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { startNatsServer } from '@muster/runtime';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { fillLog } from './fill-log.ts';
import { type Reading, read, readerNames } from './readers.ts';

export const replay: Bench = {
  summary: 'Events per second from the log to folded state, beside the raw consumer.',
  flags: {
    events: { help: 'events in the log', default: '1000000' },
    nodes: { help: 'nodes of the story', default: '100' },
    services: { help: 'services of the story', default: '500' },
    replicas: { help: 'replicas of each', default: '20' },
    rounds: { help: 'times that each reader reads; the median counts', default: '3' },
    readers: { help: 'which readers', default: readerNames.join(',') },
    seed: { help: 'of the story', default: '1' },
    nats: { help: 'internal: read this log once, in this process', default: '' },
  },
  async run(values) {
    if (values.text('nats') === '') return compare(values);
    const [reader] = values.words('readers');
    process.stdout.write(JSON.stringify(await read(reader!, values.text('nats'), values.number('events'))));
  },
};

async function compare(values: Parameters<Bench['run']>[0]): Promise<void> {
  const server = await startNatsServer();
  atEnd(() => server.stop());
  const { events, bytesPerEvent, outcome } = await fillLog(server.url, values);
  const readings = new Map<string, Reading[]>(values.words('readers').map((name) => [name, []]));
  for (let round = 1; round <= values.number('rounds'); round += 1) {
    for (const [name, list] of readings) {
      const reading = await readInOwnProcess(name, server.url, events);
      say(`round ${round}: ${name} ${reading.seconds.toFixed(2)} s`);
      if (reading.outcome !== undefined) deepStrictEqual(reading.outcome, outcome);
      list.push(reading);
    }
  }
  const of = (name: string, field: 'seconds' | 'cpuSeconds' | 'heapMb' | 'rssMb') =>
    median(readings.get(name)!.map((reading) => reading[field]));
  const limit = readings.has('callback') ? of('callback', 'seconds') : undefined;
  for (const name of readings.keys()) {
    const seconds = of(name, 'seconds');
    printResult({
      bench: 'replay',
      n: events,
      system: name,
      seconds,
      perSec: events / seconds,
      ratioToRaw: limit === undefined ? undefined : limit / seconds,
      cpuSeconds: of(name, 'cpuSeconds'),
      heapMb: of(name, 'heapMb'),
      rssMb: of(name, 'rssMb'),
      bytesPerEvent,
    });
  }
}

async function readInOwnProcess(reader: string, nats: string, events: number): Promise<Reading> {
  const args = ['replay', '--readers', reader, '--nats', nats, '--events', String(events)];
  const child = spawn(process.execPath, ['--expose-gc', process.argv[1]!, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  atEnd(() => child.kill());
  const [output] = await Promise.all([
    text(child.stdout),
    new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject)),
  ]);
  if (child.exitCode !== 0) throw new Error(`reading with ${reader} failed`);
  return JSON.parse(output);
}
