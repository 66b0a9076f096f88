// Writes a story into the log of a fresh server.
import { ensureStreams, JetStreamLog } from '@muster/log';
import { connectNats } from '@muster/runtime';
import type { Values } from '../bench.ts';
import { say } from '../report.ts';
import { loadLog } from './load-log.ts';
import { describeOutcome, type Outcome } from './readers.ts';
import { tellStory } from './story.ts';

export async function fillLog(
  url: string,
  values: Values,
): Promise<{ events: number; bytesPerEvent: number; outcome: Outcome }> {
  const nc = await connectNats(url, { name: 'bench writer' });
  await ensureStreams(nc);
  const { records, state } = tellStory({
    events: values.number('events'),
    nodes: values.number('nodes'),
    services: values.number('services'),
    replicas: values.number('replicas'),
    seed: values.number('seed'),
  });
  const { records: events, bytes } = await loadLog(nc, records, (count) => {
    if (count % 100_000 === 0) say(`${count} events written`);
  });
  const head = await new JetStreamLog(nc).head();
  if (head !== events) throw new Error(`${events} events were written, and the log has ${head}`);
  await nc.close();
  const outcome = describeOutcome(state);
  say(`the story: ${JSON.stringify(outcome)}`);
  return { events, bytesPerEvent: bytes / events, outcome };
}
