// What it costs to be one more copy: a log is written at a steady rate, and copies of each role follow it that leave all work
// to another. What is measured is processor time for each record, which what else this machine does disturbs least.
import { ensureStreams } from '@muster/log';
import { connectNats, startNatsServer } from '@muster/runtime';
import type { Bench, Values } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { readCpuSeconds } from '../processes.ts';
import { loadLog } from '../replay/load-log.ts';
import { tellStory, type Written } from '../replay/story.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { attend, type Followed, followInOwnProcess, roles } from './attend.ts';

/** How often the writer writes: what arrives together is what one read of a socket brings. */
const TICK_MS = 2;

export const follow: Bench = {
  summary: 'Processor time for each live record of a copy that leaves all work to another, by role.',
  flags: {
    roles: { help: 'which roles', default: roles.join(',') },
    copies: { help: 'copies of each', default: '1' },
    events: { help: 'records written while they follow', default: '20000' },
    'warm-up': {
      help: 'records that they read beforehand: what they run is compiled then',
      default: '30000',
    },
    rate: { help: 'records a second', default: '2000' },
    nodes: { help: 'nodes of the story', default: '100' },
    services: { help: 'services of the story', default: '2000' },
    replicas: { help: 'replicas of each', default: '5' },
    seed: { help: 'of the story', default: '1' },
    nats: { help: 'internal: follow this log up to so many records, in this process', default: '' },
  },
  async run(values) {
    if (values.text('nats') === '') return measure(values);
    const [role] = values.words('roles');
    const { warm, events } = sizesOf(values);
    await attend(role!, values.text('nats'), warm, warm + events);
  },
};

function sizesOf(values: Values) {
  return { warm: values.number('warm-up'), events: values.number('events') };
}

async function measure(values: Values): Promise<void> {
  const { warm, events } = sizesOf(values);
  const server = await startNatsServer();
  atEnd(() => server.stop());
  const nc = await connectNats(server.url, { name: 'bench writer' });
  await ensureStreams(nc);
  const { records } = tellStory({
    events: warm + events,
    nodes: values.number('nodes'),
    services: values.number('services'),
    replicas: values.number('replicas'),
    seed: values.number('seed'),
  });
  const story = Array.from(records).slice(0, warm + events);
  await loadLog(nc, story.slice(0, warm), () => undefined);
  const wanted = values
    .words('roles')
    .flatMap((role) => Array(values.number('copies')).fill(role) as string[]);
  const followers = wanted.map((role) =>
    followInOwnProcess(role, ['--nats', server.url, '--warm-up', `${warm}`, '--events', `${events}`]),
  );
  await Promise.all(followers.map(({ ready }) => ready));
  say(`${followers.length} copies follow`);
  const before = readCpuSeconds(server.pid);
  await writeSteadily(nc, story.slice(warm), values.number('rate'));
  const followed = await Promise.all(followers.map(({ outcome }) => outcome));
  const serverSeconds = readCpuSeconds(server.pid) - before;
  await nc.close();
  for (const role of values.words('roles')) {
    const own = followed.filter((_, index) => wanted[index] === role);
    const of = (field: keyof Followed) => median(own.map((one) => one[field]));
    printResult({
      bench: 'follow',
      role,
      n: events,
      copies: own.length,
      rate: values.number('rate'),
      microsPerRecord: of('microsPerRecord'),
      recordsPerTurn: of('recordsPerTurn'),
      replayMicrosPerRecord: of('replayMicrosPerRecord'),
    });
  }
  printResult({
    bench: 'follow',
    role: 'nats',
    n: events,
    copies: followers.length,
    rate: values.number('rate'),
    microsPerRecord: (serverSeconds * 1e6) / events,
  });
}

async function writeSteadily(
  nc: Awaited<ReturnType<typeof connectNats>>,
  records: readonly Written[],
  rate: number,
): Promise<void> {
  const started = performance.now();
  for (let written = 0; written < records.length; ) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    const due = Math.min(records.length, ((performance.now() - started) * rate) / 1000);
    for (; written < due; written += 1) nc.publish(records[written]!.subject, records[written]!.data);
  }
  await nc.flush();
}
