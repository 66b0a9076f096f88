// Fills a fresh log as fast as the server takes it: most records go without an answer, and every so often one asks for
// an acknowledgement, so that the server is never far behind. For benchmarks alone: nothing here notices a loss but
// the count at the end.
import type { connectNats } from '@muster/runtime';
import type { Written } from './story.ts';

type Connection = Awaited<ReturnType<typeof connectNats>>;

const ACK_EVERY = 500;
const ACKS_IN_FLIGHT = 4;
const ACK_TIMEOUT_MS = 60_000;

export interface Loaded {
  readonly records: number;
  readonly bytes: number;
}

export async function loadLog(
  nc: Connection,
  records: Iterable<Written>,
  onProgress: (records: number) => void,
): Promise<Loaded> {
  const acks: Promise<unknown>[] = [];
  let count = 0;
  let bytes = 0;
  for (const { subject, data } of records) {
    count += 1;
    bytes += data.length;
    if (count % ACK_EVERY !== 0) {
      nc.publish(subject, data);
      continue;
    }
    acks.push(nc.request(subject, data, { timeout: ACK_TIMEOUT_MS }));
    if (acks.length >= ACKS_IN_FLIGHT) await acks.shift();
    onProgress(count);
  }
  await Promise.all(acks);
  await nc.flush();
  return { records: count, bytes };
}
